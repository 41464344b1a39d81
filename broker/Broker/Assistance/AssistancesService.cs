using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>The gRPC face of assistances for administrators.</summary>
internal sealed class AssistancesService(AssistanceStore store, AskForAssistance ask, ChangePump pump, IOptions<AssistanceOptions> options) : Assistances.AssistancesBase
{
    private const int MostListed = 20;

    public override async Task<AssistanceCase> Ask(AskAssistanceRequest request, ServerCallContext context) =>
        await ask.RunAsync(new(Ids.Parse(request.SessionId, "session_id")), request.Control, request.Reason, context.Caller()) switch
        {
            AskOutcome.Asked asked => await FindAsync(asked.Assistance, context.CancellationToken),
            AskOutcome.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
            var other => throw new InvalidOperationException($"{other} is not an outcome"),
        };

    public override async Task<ListAssistanceResponse> List(ListAssistanceRequest request, ServerCallContext context) =>
        new() { Cases = { (await store.ListAsync(new(Ids.Parse(request.SessionId, "session_id")), MostListed, context.CancellationToken)).Select(r => r.ToMessage()) } };

    public override async Task<AssistanceOpening> Open(OpenAssistanceRequest request, ServerCallContext context)
    {
        var (id, caller, ticket) = (new AssistanceId(Ids.Parse(request.AssistanceId, "assistance_id")), context.Caller(), OpaqueToken.Make());
        var opening = await store.OpenAsync(id, caller.User, Convert.FromHexString(caller.SignIn), ticket.Sha256, options.Value.TicketLifetime)
            ?? throw Refusal.Refused(await store.FindAsync(id, context.CancellationToken) is null ? RefusalReason.NotFound : RefusalReason.AssistOver);
        return new() { Address = opening.Address, Ticket = ticket.Text, ExpiresAt = opening.ExpiresAt.ToTimestamp() };
    }

    public override async Task<AssistanceCase> End(EndAssistanceRequest request, ServerCallContext context)
    {
        var (id, caller) = (new AssistanceId(Ids.Parse(request.AssistanceId, "assistance_id")), context.Caller());
        await store.EndAsync(id, "administrator", gateway: null, caller.UserName, caller.SourceAddress);
        pump.Ring();
        return await FindAsync(id, context.CancellationToken);
    }

    private async Task<AssistanceCase> FindAsync(AssistanceId id, CancellationToken ct) =>
        (await store.FindAsync(id, ct))?.ToMessage() ?? throw Refusal.Refused(RefusalReason.NotFound, "assistance");
}
