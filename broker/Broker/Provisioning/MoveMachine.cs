using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>
/// Moves a running machine off a host that is let go of. What a killed broker left half done is looked up on the hosts first: the
/// machine is where it runs, and only there.
/// </summary>
internal sealed class MoveMachine(MoveStore moves, RecoveryStore recovery, PoolStore pools, HypervisorDirectory hosts)
{
    /// <exception cref="StepFailedException">It cannot be moved now, and stays.</exception>
    public async Task RunAsync(DueOperation operation, long epoch, CancellationToken ct)
    {
        var machine = new MachineId(operation.MachineId);
        var where = await moves.ReadAsync(machine, ct);
        var source = hosts.For(where.From);
        var here = await source.FindAsync(machine, ct);
        if (here is { PausedByMove: true })
        {
            if (await WentOnAsync(machine, where, epoch, ct) is { } there)
            {
                await moves.ArriveAsync(operation, there);
                return;
            }
            await source.UnpauseAsync(machine, epoch, ct);
        }
        foreach (var stray in where.Strays)
        {
            if (here is not { Power: PowerState.On } && await hosts.For(stray).FindAsync(machine, ct) is { Power: PowerState.On })
            {
                await moves.ArriveAsync(operation, stray);   // it had arrived before the broker was killed
                return;
            }
            await hosts.For(stray).EvictAsync(machine, epoch, ct);
            await recovery.SweptAsync(stray, machine);
        }
        if (where is { Wanted: true, Asleep: true } && here is not { Power: PowerState.On })
        {
            await moves.SendAsleepAsync(operation, await ChooseAsync(machine, where, ct));
            return;
        }
        if (!where.Wanted || here is not { Power: PowerState.On })
        {
            await moves.DropAsync(operation);   // the host is in service again, or the machine is off: there is nothing to move
            return;
        }
        var to = await ChooseAsync(machine, where, ct);
        if (!await moves.BeginAsync(operation, to)) return;
        await source.MoveLiveAsync(machine, hosts.For(to), epoch, ct);
        await moves.ArriveAsync(operation, to);
    }

    /// <summary>The machine is defined where it sleeps now; there is no more to it.</summary>
    public Task SettleAsync(DueOperation operation) => moves.DropAsync(operation);

    // INVARIANT: a machine whose move was cut off goes on where it went on already, or here once no other host has it. A host that
    // cannot be asked leaves it standing still: two that run on one disk would destroy it.
    private async Task<HostId?> WentOnAsync(MachineId machine, MovingMachine where, long epoch, CancellationToken ct)
    {
        foreach (var other in where.Strays.Count > 0 ? where.Strays : where.Sharing)   // where it may be is noted before a move begins
        {
            if (await hosts.For(other).FindAsync(machine, ct) is not { } there) continue;
            if (there is { Power: PowerState.On, PausedByMove: false }) return other;
            await hosts.For(other).EvictAsync(machine, epoch, ct);
            await recovery.SweptAsync(other, machine);
        }
        return null;
    }

    private async Task<HostId> ChooseAsync(MachineId machine, MovingMachine where, CancellationToken ct)
    {
        if (!where.StorageShared) throw new StepFailedException(RefusalReason.WaitsForLogOff, "Its host shares no storage with another one.");
        if (!where.OwnAddress) throw new StepFailedException(RefusalReason.WaitsForLogOff, "Its address is a port of its host.");
        var (pool, rule, allowed) = await recovery.WhereToAsync(machine, keepsDisk: true, ct);
        var network = await moves.SameNetworkAsync(where.From, ct);
        var choice = HostPlacement.Choose(rule, [.. (await pools.OffersAsync(pool, ct)).Where(offer => offer.Host != where.From && allowed.Contains(offer.Host) && network.Contains(offer.Host))]);
        return choice.Host ?? throw new StepFailedException(RefusalReason.WaitsForLogOff, choice.Verdicts.Count == 0 ? "No other host of the pool has its storage and its network." : $"No host takes the machine: {PlacementTrace.Line(choice)}");
    }
}
