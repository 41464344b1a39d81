using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Assistances of the fake broker; a test says what the person on screen does.</summary>
internal sealed class FakeAssistances(FakeWorld world) : Assistances.AssistancesBase
{
    public const string Ticket = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq";

    public override Task<AssistanceCase> Ask(AskAssistanceRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (world.AskRefused is { } refused) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, refused);
        var asked = new AssistanceCase
        {
            AssistanceId = Guid.NewGuid().ToString(), SessionId = request.SessionId, State = AssistanceState.Asked, Control = request.Control, Reason = request.Reason,
            Administrator = world.Tokens.Values.First(), AskedAt = DateTimeOffset.UtcNow.ToTimestamp(),
        };
        world.Calls.Enqueue($"assist {request.SessionId} control={request.Control} '{request.Reason}'");
        world.Put(asked);
        return Task.FromResult(asked);
    }

    public override async Task<ListAssistanceResponse> List(ListAssistanceRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var answer = new ListAssistanceResponse { Cases = { world.CasesOf(request.SessionId) } };
        await world.CasesOnTheWay();
        return answer;
    }

    public override Task<AssistanceOpening> Open(OpenAssistanceRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (world.OpensAt.Length == 0) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.AssistOver);
        world.Calls.Enqueue("open-assistance");
        return Task.FromResult(new AssistanceOpening { Address = world.OpensAt, Ticket = Ticket, ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(30).ToTimestamp() });
    }

    public override Task<AssistanceCase> End(EndAssistanceRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue("end-assistance");
        return Task.FromResult(world.Move(request.AssistanceId, AssistanceState.Ended, "administrator"));
    }
}
