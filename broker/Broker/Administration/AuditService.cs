using System.Security.Cryptography;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>The gRPC face of the audit record.</summary>
internal sealed class AuditService(AuditStore audit, VerifyAudit verify, ExportAudit export, SigningKeys keys, ErasePerson erase) : Audit.AuditBase
{
    private const int UsualPage = 100;
    private const int LinesAtOnce = 200;   // far below the limit of a message

    public override async Task<ListAuditResponse> List(ListAuditRequest request, ServerCallContext context)
    {
        var about = new AuditAbout(IdOf(request.ObjectId, "object_id"), IdOf(request.PersonId, "person_id"));
        var limit = request.Limit == 0 ? UsualPage : (int)Math.Min(request.Limit, AuditStore.LargestPage);
        var rows = await audit.ListAsync(request.Before, limit, about, context.Scope(), context.CancellationToken);
        return new ListAuditResponse { Events = { rows.Select(row => row.ToMessage()) } };
    }

    public override async Task Verify(VerifyAuditRequest request, IServerStreamWriter<AuditVerification> responseStream, ServerCallContext context)
    {
        await foreach (var now in verify.RunAsync(context.CancellationToken))
            await responseStream.WriteAsync(new()
            {
                Batches = (ulong)now.Batches, AllBatches = (ulong)now.AllBatches, Entries = (ulong)now.Entries, Done = now.Done,
                Fault = now.Finding?.Fault ?? AuditFault.Unspecified, FaultBatch = (ulong)(now.Finding?.Batch ?? 0), FaultEntry = now.Finding?.Entry ?? 0,
                Head = now.Head is { } head ? Convert.ToHexStringLower(head.Hash()) : "",
            }, context.CancellationToken);
    }

    public override async Task Export(ExportAuditRequest request, IServerStreamWriter<AuditExportLines> responseStream, ServerCallContext context)
    {
        await audit.AppendAsync(new(context.Caller().UserName, "audit.export", SourceAddress: context.Caller().SourceAddress));
        await foreach (var lines in export.RunAsync(request.From?.ToDateTimeOffset(), request.To?.ToDateTimeOffset(), context.CancellationToken))
            foreach (var some in lines.Chunk(LinesAtOnce))
                await responseStream.WriteAsync(new() { Lines = { some } }, context.CancellationToken);
    }

    public override async Task<ListAuditKeysResponse> Keys(ListAuditKeysRequest request, ServerCallContext context) => new()
    {
        Keys = { (await keys.AllAsync(context.CancellationToken)).Select(k => new AuditKey { Number = (uint)k.KeyNo, Pem = PemEncoding.WriteString("PUBLIC KEY", k.PublicKey), Since = k.CreatedAt.ToTimestamp() }) },
    };

    public override async Task<ErasePersonResponse> ErasePerson(ErasePersonRequest request, ServerCallContext context)
    {
        var (refused, person) = await erase.RunAsync(UserNames.Normalise(request.UserName), context.Caller());
        return refused is { } reason ? throw Refusal.Refused(reason, "user_name") : new() { PersonId = person.ToString() };
    }

    private static Guid? IdOf(string text, string field) =>
        text.Length == 0 ? null : Guid.TryParse(text, out var id) ? id : throw Refusal.Refused(RefusalReason.InvalidField, field);
}
