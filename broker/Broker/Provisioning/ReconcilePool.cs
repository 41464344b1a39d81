using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>Compares one pool with its machines and records what should change; the journal does the rest.</summary>
internal sealed class ReconcilePool(PoolStore pools, PowerStore power, IOptions<ProvisioningOptions> options, TimeProvider time, ILogger<ReconcilePool> log)
{
    private static readonly TimeSpan FarthestRampUp = TimeSpan.FromHours(4);

    public async Task RunAsync(WantedPool wanted, CancellationToken ct)
    {
        var pool = new PoolId(wanted.PoolId);
        var (target, members) = await TargetAsync(wanted, pool, await pools.MembersAsync(pool, ct), ct);
        var change = Compare(wanted, target, members);
        // A missing image stops new machines, never the letting go, and never the ready ones.
        if (wanted.ImageReady && change.Create.Count > 0) await CreateAsync(wanted, pool, change.Create, ct);
        else if (wanted.PlacementReason is not null && change.Create.Count == 0) await pools.SetPlacementTroubleAsync(pool, null, null);
        foreach (var machine in change.Remove)
            if (await pools.ReleaseMachineAsync(machine, NewOperation())) log.MachineUnwanted(machine);
        foreach (var machine in change.Wake)
            if (await pools.WakeAsync(machine, NewOperation())) log.MachineWoken(machine);
        foreach (var machine in change.Sleep)
            if (await pools.PutToSleepAsync(machine, NewOperation(), target.Idle == IdleAction.Suspend ? OperationStep.Save : OperationStep.ShutDown)) log.MachinePutToSleep(machine);
        if (wanted.ImageReady)
            foreach (var machine in change.Refresh) await pools.RefreshFreeMachineAsync(machine, NewOperation());
    }

    /// <summary>What is to change: seats are counted where machines are shared, machines elsewhere.</summary>
    internal static PoolChange Compare(WantedPool wanted, PoolTarget target, IReadOnlyList<PoolMember> members) =>
        PoolPlan.Compare(target, wanted.Seats, members);

    /// <summary>What the pool should have now: what its schedule says, ahead of time by as long as starting takes, or else its own settings.</summary>
    internal async Task<(PoolTarget Target, IReadOnlyList<PoolMember> Members)> TargetAsync(WantedPool wanted, PoolId pool, IReadOnlyList<PoolMember> members, CancellationToken ct)
    {
        var target = new PoolTarget(wanted.Size, wanted.SpareOf, wanted.Waiting, options.Value.ShrinkAfter);
        if (wanted.Schedule is not { } schedule || wanted.Deleting) return (target, members);
        var (now, start) = (new DateTimeOffset(wanted.Now, TimeSpan.Zero), await pools.StartTimeAsync(pool, options.Value.ParallelPerHost, ct));
        var wish = schedule.WithRampUp(now, wanted.Size, start.Of, FarthestRampUp);
        return (target with { Spare = wish.Spare, Idle = wish.Idle }, await ExpectAsync(schedule, pool, members, now, start.Of(1), ct));
    }

    private async Task<IReadOnlyList<PoolMember>> ExpectAsync(PowerSchedule schedule, PoolId pool, IReadOnlyList<PoolMember> members, DateTimeOffset now, TimeSpan start, CancellationToken ct)
    {
        var owners = members.Where(m => m is { Owner: not null, OwnerExpected: false, State: MachineState.Asleep or MachineState.Available }).Select(m => m.Owner!.Value).ToList();
        if (owners.Count == 0) return members;
        var arrivals = await power.ArrivalsAsync(pool, owners, ct);
        return [.. members.Select(m => m.Owner is { } owner && schedule.IsExpected([.. arrivals[owner]], now, start) ? m with { OwnerExpected = true } : m)];
    }

    // Each machine is placed on the offers as the one before left them: hosts do not show yet what was just promised.
    private async Task CreateAsync(WantedPool wanted, PoolId pool, IReadOnlyList<int> ordinals, CancellationToken ct)
    {
        if (MachineNamePattern.Parse(wanted.MachineNamePattern) is not { } pattern) return;
        var (rule, offers) = (wanted.Rule, (await pools.OffersAsync(pool, ct)).ToList());
        foreach (var ordinal in ordinals)
        {
            var choice = HostPlacement.Choose(rule, offers);
            if (choice.Host is not { } host)
            {
                await pools.SetPlacementTroubleAsync(pool, choice.Reason, PlacementTrace.Line(choice));
                if (wanted.PlacementReason != choice.Reason.ToString()) log.NoHostFits(pool, choice.Reason!.Value, PlacementTrace.Line(choice));
                return;
            }
            var machine = new MachineId(Guid.CreateVersion7(time.GetUtcNow()));
            var name = pattern.Name(ordinal);
            if (!await pools.AddMachineAsync(pool, machine, ordinal, name, host, PlacementTrace.Json(rule, choice), NewOperation(), options.Value.FirstForwardedPort)) continue;
            log.MachineWanted(pool, machine, name);
            var at = offers.FindIndex(o => o.Host == host);
            offers[at] = offers[at].With(rule.MemoryMib);
        }
        if (wanted.PlacementReason is not null) await pools.SetPlacementTroubleAsync(pool, null, null);
    }

    private OperationId NewOperation() => new(Guid.CreateVersion7(time.GetUtcNow()));
}
