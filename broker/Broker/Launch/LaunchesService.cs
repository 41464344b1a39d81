using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Pools;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using LaunchRule = Montalegre.Vdi.Contracts.Admin.V1.LaunchRule;
using Outcome = Montalegre.Vdi.Contracts.Admin.V1.LaunchOutcome;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>The gRPC face of why launches ended as they did.</summary>
internal sealed class LaunchesService(TraceStore store, LaunchTraces traces, WhatIf whatIf) : Launches.LaunchesBase
{
    private const uint UsualPage = 50;
    private const uint LargestPage = 200;
    private const uint MostDays = 30;
    private const int UsualDays = 7;
    private const uint MostMachines = 5000;
    private const uint MostSeats = 500;
    private const int NamesShown = 20;

    public override async Task<ListLaunchesResponse> List(ListLaunchesRequest request, ServerCallContext context)
    {
        var filter = new TraceFilter(
            request.UserName is "" ? null : request.UserName, Ids.ParseOrNone(request.PoolId, "pool_id"), Ids.ParseOrNone(request.SessionId, "session_id"), null,
            request.Before?.ToDateTimeOffset(), (int)Math.Min(request.Limit == 0 ? UsualPage : request.Limit, LargestPage), context.Scope());
        var rows = await store.ListAsync(filter, context.CancellationToken);
        return new() { Launches = { rows.Select(row => Seen(row, context.Scope())) }, Dropped = (ulong)traces.Dropped };
    }

    public override async Task<Contracts.Admin.V1.Launch> Get(GetLaunchRequest request, ServerCallContext context)
    {
        var rows = await store.ListAsync(new(null, null, null, Ids.Parse(request.LaunchId, "launch_id"), null, 1, context.Scope()), context.CancellationToken);
        return rows.Count == 1 ? Seen(rows[0], context.Scope()) : throw Refusal.Refused(RefusalReason.NotFound, "launch_id");
    }

    public override async Task<WhatIfResponse> WhatIf(WhatIfRequest request, ServerCallContext context)
    {
        if (request.Days > MostDays) throw Refusal.Refused(RefusalReason.InvalidField, $"days: 1 to {MostDays}");
        if (request is { HasSize: true, Size: > MostMachines }) throw Refusal.Refused(RefusalReason.InvalidField, $"size: 0 to {MostMachines}");
        if (request is { HasSeats: true, Seats: < 1 or > MostSeats }) throw Refusal.Refused(RefusalReason.InvalidField, $"seats: 1 to {MostSeats}");
        var answer = await whatIf.RunAsync(
            new(Ids.Parse(request.PoolId, "pool_id")), request.HasSize ? (int)request.Size : null, request.Spare is { } spare ? SpareOf(spare) : null,
            request.HasSeats ? (int)request.Seats : null, request.Days == 0 ? UsualDays : (int)request.Days, context.CancellationToken);
        return new()
        {
            AsIs = From(answer.AsIs), Changed = From(answer.Changed), Days = (uint)answer.Days, StartSeconds = answer.Start.TotalSeconds, StartMeasured = answer.StartMeasured, StartsAtOnce = (uint)answer.StartsAtOnce,
        };
    }

    public override async Task<WhatIfNewResponse> WhatIfNew(WhatIfNewRequest request, ServerCallContext context)
    {
        if (request.Days > MostDays) throw Refusal.Refused(RefusalReason.InvalidField, $"days: 1 to {MostDays}");
        if (request.Draft is null) throw Refusal.Refused(RefusalReason.InvalidField, "draft");
        if (request.Draft.Kind == Contracts.Admin.V1.PoolKind.Manual) throw Refusal.Refused(RefusalReason.NotSupported, "draft.kind: a manual pool has no size before its computers are added");
        var like = Ids.ParseOrNone(request.PoolId, "pool_id") is { } pool ? new PoolScope([pool]).Within(context.Scope()) : context.Scope();
        var answer = await whatIf.RunNewAsync(PoolContract.Read(request.Draft, new(Guid.Empty)), like.Pools, request.Days == 0 ? UsualDays : (int)request.Days, context.CancellationToken);
        return new()
        {
            Outcome = From(answer.Outcome), Days = (uint)answer.Days, StartSeconds = answer.Start.TotalSeconds, StartMeasured = answer.StartMeasured, StartsAtOnce = (uint)answer.StartsAtOnce,
            People = (uint)answer.People, Pools = (uint)answer.Pools,
        };
    }

    private static Domain.Spare SpareOf(Contracts.Admin.V1.Spare spare) => spare.WantedCase switch
    {
        Contracts.Admin.V1.Spare.WantedOneofCase.Machines when spare.Machines <= MostMachines => Domain.Spare.Machines((int)spare.Machines),
        Contracts.Admin.V1.Spare.WantedOneofCase.Percent when spare.Percent <= 100 => Domain.Spare.Percent((int)spare.Percent),
        Contracts.Admin.V1.Spare.WantedOneofCase.Everything => Domain.Spare.Everything,
        _ => throw Refusal.Refused(RefusalReason.InvalidField, $"spare: all, 0 to {MostMachines} machines, or 0 to 100 percent"),
    };

    private static WhatIfOutcome From(ReplayResult result) => new()
    {
        Arrivals = (uint)result.Arrivals, Waited = (uint)result.Waits.Count, Unserved = (uint)result.Waits.Count(w => !w.Served), LongestWaitSeconds = result.LongestWait.TotalSeconds,
        P95WaitSeconds = result.P95Wait.TotalSeconds, MostMachines = (uint)result.MostMachines, MostMachinesAt = result.MostMachinesAt?.ToTimestamp(),
        First = { result.Waits.Take(NamesShown).Select(w => new WhatIfWait { UserName = w.Person, AskedAt = w.AskedAt.ToTimestamp(), WaitSeconds = w.Wait.TotalSeconds, Served = w.Served, Reason = w.Told.Reason.ToContract() }) },
    };

    // Whoever sees a launch by its person learns how many machines there were, not which: they are others'.
    private static Contracts.Admin.V1.Launch Seen(TraceRow row, PoolScope scope)
    {
        var launch = From(row);
        if (!scope.IsEverything && !scope.Pools!.Contains(row.PoolId))
            foreach (var verdict in launch.Verdicts) verdict.Names.Clear();
        return launch;
    }

    internal static Contracts.Admin.V1.Launch From(TraceRow row)
    {
        var waits = JsonSerializer.Deserialize<List<TracedWait>>(row.Waits, TraceStore.Json)!;
        var launch = new Contracts.Admin.V1.Launch
        {
            LaunchId = row.LaunchTraceId.ToString(), AskedAt = row.AskedAt.ToTimestamp(), EndedAt = row.EndedAt?.ToTimestamp(), RequestId = row.RequestId.ToString(), UserName = row.UserName,
            PoolId = row.PoolId.ToString(), PoolName = row.PoolName, ClientAddress = row.ClientAddress, Outcome = OutcomeOf(SqlText.Parse<LaunchOutcome>(row.Outcome)),
            Rule = RuleOf(SqlText.Parse<Domain.LaunchRule>(row.Rule)), Reason = Reason(row.Reason), SessionId = row.SessionId?.ToString() ?? "", MachineId = row.MachineId?.ToString() ?? "",
            MachineName = row.MachineName, HostName = row.HostName, Attempts = (uint)row.Attempts, DecidingMs = row.DecidingMs, LookedAt = row.LookedAt?.ToTimestamp(),
            OwnMachineName = row.OwnMachineName, OwnMachineVerdict = row.OwnMachineVerdict,
        };
        launch.Waits.Add(waits.Select(From));
        if (row.Look is not null)
            launch.Verdicts.Add(JsonSerializer.Deserialize<Dictionary<string, Group>>(row.Look, TraceStore.Json)!
                .OrderByDescending(g => g.Value.Machines).ThenBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new LaunchVerdict { Verdict = g.Key, Machines = (uint)g.Value.Machines, Names = { g.Value.Names } }));
        return launch;
    }

    private static LaunchWait From(TracedWait wait)
    {
        var told = new LaunchWait
        {
            At = wait.At.ToTimestamp(), Reason = Reason(wait.Reason), Place = (uint)wait.Place, StartsAtOnce = (uint)wait.StartsAtOnce,
            Machines = (uint)wait.Machines, Size = (uint)wait.Size, Occupied = (uint)wait.Occupied,
        };
        told.StartAgesSeconds.Add(wait.StartAges);
        if (wait.Estimate is { } estimate) told.EstimatedSeconds = estimate;
        if (wait.TypicalStart is { } typical) told.TypicalStartSeconds = typical;
        if (wait.HeldFor is { } held) told.HeldSeconds = held;
        return told;
    }

    // A reason that this version does not know was written by a newer one beside it.
    private static Contracts.Common.V1.Reason? Reason(string? name) =>
        name is null ? null : System.Enum.TryParse<RefusalReason>(name, out var reason) ? reason.ToContract() : RefusalReason.Internal.ToContract(name);

    private static Outcome OutcomeOf(LaunchOutcome outcome) => outcome switch
    {
        LaunchOutcome.Waiting => Outcome.Waiting,
        LaunchOutcome.Started => Outcome.Started,
        LaunchOutcome.Resumed => Outcome.Resumed,
        LaunchOutcome.Refused => Outcome.Refused,
        LaunchOutcome.GivenUp => Outcome.GivenUp,
        LaunchOutcome.Lost => Outcome.Lost,
        _ => Outcome.Unspecified,
    };

    private static LaunchRule RuleOf(Domain.LaunchRule rule) => rule switch
    {
        Domain.LaunchRule.OwnSession => LaunchRule.OwnSession,
        Domain.LaunchRule.OwnMachine => LaunchRule.OwnMachine,
        Domain.LaunchRule.FreeMachine => LaunchRule.FreeMachine,
        Domain.LaunchRule.EmptiestMachine => LaunchRule.EmptiestMachine,
        Domain.LaunchRule.FullestMachine => LaunchRule.FullestMachine,
        Domain.LaunchRule.Queue => LaunchRule.Queue,
        Domain.LaunchRule.Refusal => LaunchRule.Refusal,
        _ => LaunchRule.Unspecified,
    };

    private sealed record Group(int Machines, List<string> Names);
}
