using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Two launches that are the same for everybody: one that waited and was served, one that was refused.</summary>
internal sealed class FakeLaunches(FakeWorld world) : Launches.LaunchesBase
{
    private static readonly DateTime At = new(2026, 3, 2, 8, 1, 5, DateTimeKind.Utc);

    public override Task<ListLaunchesResponse> List(ListLaunchesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListLaunchesResponse { Launches = { Refused(), Served() } });
    }

    public override Task<WhatIfResponse> WhatIf(WhatIfRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"what-if {request.PoolId} {request.Size} {request.Spare}");
        return Task.FromResult(new WhatIfResponse
        {
            Days = 7, StartSeconds = 62, StartMeasured = true, StartsAtOnce = 4, AsIs = new() { Arrivals = 214, MostMachines = 24, MostMachinesAt = At.ToTimestamp() },
            Changed = new()
            {
                Arrivals = 214, Waited = 3, LongestWaitSeconds = 95, P95WaitSeconds = 0, MostMachines = 21, MostMachinesAt = At.ToTimestamp(),
                First = { new WhatIfWait { UserName = "ana.martins", AskedAt = At.ToTimestamp(), WaitSeconds = 95, Served = true, Reason = new Reason { Code = ReasonCode.WaitingForMachine } } },
            },
        });
    }

    public override Task<WhatIfNewResponse> WhatIfNew(WhatIfNewRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"what-if-new {request.Draft.Kind} {request.Draft.Size} {request.PoolId}");
        return Task.FromResult(new WhatIfNewResponse
        {
            Days = 7, StartSeconds = 62, StartMeasured = true, StartsAtOnce = 4, People = request.PoolId.Length > 0 ? 48u : 71, Pools = request.PoolId.Length > 0 ? 1u : 3,
            Outcome = new()
            {
                Arrivals = 214, Waited = 9, LongestWaitSeconds = 1210, MostMachines = 3, MostMachinesAt = At.ToTimestamp(),
                First = { new WhatIfWait { UserName = "ana.martins", AskedAt = At.ToTimestamp(), WaitSeconds = 1210, Served = true, Reason = new Reason { Code = ReasonCode.WaitingForMachine } } },
            },
        });
    }

    private static Launch Served() => new()
    {
        LaunchId = "launch-1", AskedAt = At.ToTimestamp(), EndedAt = At.AddSeconds(44).ToTimestamp(), UserName = "ana.martins", PoolId = "p-balcao", PoolName = "Balcão", Outcome = LaunchOutcome.Started,
        Rule = LaunchRule.FreeMachine, Reason = null, MachineId = "balcao-1", MachineName = "balcao-01", HostName = "anfitriao-1", Attempts = 23, DecidingMs = 31.5, LookedAt = At.AddMilliseconds(260).ToTimestamp(),
        Verdicts =
        {
            new LaunchVerdict { Verdict = "occupied", Machines = 19, Names = { "balcao-02", "balcao-03", "balcao-04" } },
            new LaunchVerdict { Verdict = "host_draining", Machines = 2, Names = { "balcao-21", "balcao-22" } },
            new LaunchVerdict { Verdict = "preparing", Machines = 1, Names = { "balcao-01" } },
        },
        Waits =
        {
            new LaunchWait
            {
                At = At.ToTimestamp(), Reason = new Reason { Code = ReasonCode.WaitingForMachine }, Place = 1, EstimatedSeconds = 41, TypicalStartSeconds = 62, StartAgesSeconds = { 21 },
                StartsAtOnce = 4, Machines = 22, Size = 24, Occupied = 19,
            },
        },
    };

    private static Launch Refused() => new()
    {
        LaunchId = "launch-2", AskedAt = At.AddHours(1).ToTimestamp(), EndedAt = At.AddHours(1).ToTimestamp(), UserName = "ana.martins", PoolId = "p-balcao", PoolName = "Balcão", Outcome = LaunchOutcome.Refused,
        Rule = LaunchRule.Refusal, Reason = new Reason { Code = ReasonCode.QuotaReached }, Attempts = 1, DecidingMs = 2.1,
    };
}
