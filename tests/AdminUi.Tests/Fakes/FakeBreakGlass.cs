using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Emergency sign-ins of the fake broker.</summary>
internal sealed class FakeBreakGlass(FakeWorld world) : BreakGlass.BreakGlassBase
{
    public const string Secret = "emergency-code-0123456789";

    public override Task<StepDone> Use(UseBreakGlassRequest request, ServerCallContext context)
    {
        if (request.Secret != Secret) throw FakeWorld.Refuse(StatusCode.PermissionDenied, ReasonCode.BreakGlassInvalid);
        var now = DateTimeOffset.UtcNow;
        var entered = world.Enter("rita");
        world.Emergencies = [new() { EmergencyId = "e-1", Reason = "Diretório em baixo", SourceAddress = request.ClientAddress, Since = now.ToTimestamp(), ExpiresAt = now.AddHours(1).ToTimestamp(), Own = true }];
        return Task.FromResult(entered);
    }

    public override Task<ListOpenEmergenciesResponse> ListOpen(ListOpenEmergenciesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListOpenEmergenciesResponse { Emergencies = { world.Emergencies } });
    }

    public override Task<EndEmergencyResponse> End(EndEmergencyRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Emergencies = [];
        return Task.FromResult(new EndEmergencyResponse());
    }
}
