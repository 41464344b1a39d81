using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>The gRPC face of the audit record.</summary>
internal sealed class AuditService(AuditStore audit) : Audit.AuditBase
{
    private const int UsualPage = 100;

    public override async Task<ListAuditResponse> List(ListAuditRequest request, ServerCallContext context)
    {
        var about = new AuditAbout(IdOf(request.ObjectId, "object_id"), IdOf(request.PersonId, "person_id"));
        var limit = request.Limit == 0 ? UsualPage : (int)Math.Min(request.Limit, AuditStore.LargestPage);
        var rows = await audit.ListAsync(request.Before, limit, about, context.Scope(), context.CancellationToken);
        return new ListAuditResponse { Events = { rows.Select(row => row.ToMessage()) } };
    }

    private static Guid? IdOf(string text, string field) =>
        text.Length == 0 ? null : Guid.TryParse(text, out var id) ? id : throw Refusal.Refused(RefusalReason.InvalidField, field);
}
