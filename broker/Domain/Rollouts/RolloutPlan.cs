namespace Montalegre.Vdi.Domain;

/// <summary>Decides the next step of an image roll-out.</summary>
public static class RolloutPlan
{
    /// <summary>Synthetic log-ons of one machine that may get lost with a gateway or broker before the roll-out stops.</summary>
    public const int MostLost = 3;

    /// <summary>A log-on this much slower is no sign of anything, however fast it was before.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    /// <summary>The one step that is due. Decided from a snapshot, so whoever acts on it checks each machine again.</summary>
    public static RolloutStep Decide(RolloutFacts facts) => facts.State switch
    {
        RolloutState.Canary or RolloutState.Proving => Failed(facts) ?? Prove(facts),
        RolloutState.Waves => Failed(facts) ?? Wave(facts),
        RolloutState.RollingBack => Return(facts),
        _ => new(),
    };

    /// <summary>The longest log-on that passes; null: nothing to compare with.</summary>
    public static TimeSpan? Longest(TimeSpan? old, int slowdownPercent) => old is { } before ? before * (1 + slowdownPercent / 100.0) + Tolerance : null;

    // One machine that cannot be made, or that nobody can log on to, is enough: the next ones would be somebody's desktop.
    private static RolloutStep? Failed(RolloutFacts facts)
    {
        foreach (var machine in facts.Machines.Where(m => m.OnNew || m.Canary))
        {
            if (machine.Failure is { } failure) return Halt(failure);
            if (!machine.Canary) continue;
            switch (machine.Probe)
            {
                case Probe.Failed failed: return Halt(new(failed.Reason, ""));
                case Probe.None { Lost: >= MostLost }: return Halt(new(RefusalReason.RolloutProbeLost, ""));
                case Probe.Passed { LogOn: { } took } when Longest(facts.OldLogOn, facts.SlowdownPercent) is { } longest && took > longest:
                    return Halt(new(RefusalReason.RolloutTooSlow, $"{took.TotalSeconds:0.0} s > {longest.TotalSeconds:0.0} s"));
            }
        }
        return null;
    }

    private static RolloutStep Prove(RolloutFacts facts)
    {
        var ours = facts.Machines.Where(m => !m.Assigned).ToList();
        var canaries = ours.Where(m => m.Canary).ToList();
        var wanted = Math.Min(facts.Canaries, ours.Count(m => m.Canary || !m.OnNew));
        var chosen = Choose(facts, wanted - canaries.Count);
        if (chosen.Count > 0) return new() { Next = Becomes(facts.State, RolloutState.Canary), NewCanaries = chosen };
        // Fewer than asked for are enough when no more can be spared: held back, they come free only when it goes on.
        if (canaries.Count == 0 && wanted > 0)
        {
            var emptied = Emptied(facts, ours, m => !m.OnNew, most: wanted);
            var under = emptied.Count > 0 || ours.Any(m => m.Emptying);
            return new() { Next = Becomes(facts.State, RolloutState.Canary), Empty = emptied, Waiting = under ? RefusalReason.RolloutWaitsForLogOff : RefusalReason.RolloutKeepsReady };
        }
        var stale = Stale(canaries);
        if (stale.Count == 0 && canaries.All(m => m is { Probe: Probe.Passed, Occupied: false })) return new() { Next = RolloutState.Waves };
        var ask = canaries.Where(m => m is { OnNew: true, State: MachineState.Reserved, Occupied: false, Used: false, Probe: Probe.None }).Select(m => m.Machine).ToList();
        var up = canaries.All(m => m.OnNew && (m.Probe is not Probe.None || m.State is not MachineState.Provisioning));
        return new()
        {
            Next = Becomes(facts.State, up ? RolloutState.Proving : RolloutState.Canary), Ask = ask, Refresh = stale,
            Waiting = up && !facts.GatewayThere ? RefusalReason.RolloutNoGateway : null,
        };
    }

    private static List<MachineId> Choose(RolloutFacts facts, int missing)
    {
        // What was emptied for this is nobody's any more: it costs no ready machine.
        var emptied = facts.Machines.Where(m => m is { Emptying: true, State: MachineState.Available, OnNew: false, Occupied: false }).Take(missing).Select(m => m.Machine).ToList();
        var may = Math.Min(missing - emptied.Count, facts.Machines.Count(m => m.Ready) - facts.KeepReady);
        return [.. emptied, .. facts.Machines.Where(m => m is { Ready: true, OnNew: false, Occupied: false }).Take(Math.Max(0, may)).Select(m => m.Machine)];
    }

    private static RolloutStep Wave(RolloutFacts facts)
    {
        var ours = facts.Machines.Where(m => !m.Assigned).ToList();
        if (ours.All(m => m.OnNew && m.State != MachineState.Provisioning)) return new() { Next = RolloutState.Done };
        var (change, held) = Pace(facts, ours, m => !m.OnNew);
        var used = ours.Where(m => m is { OnNew: false, Occupied: true }).ToList();
        return new()
        {
            Refresh = change, Empty = Emptied(facts, ours, m => !m.OnNew, Room(facts, ours) - change.Count, change.Count), Warn = facts.Force == ForceStage.Warn,
            Force = facts.Force == ForceStage.Due ? [.. used.Select(m => m.Machine)] : [],
            Waiting = held ? RefusalReason.RolloutKeepsReady : change.Count == 0 && used.Count > 0 ? RefusalReason.RolloutWaitsForLogOff : null,
        };
    }

    private static RolloutStep Return(RolloutFacts facts)
    {
        var ours = facts.Machines.Where(m => !m.Assigned).ToList();
        if (!ours.Any(m => m.OnNew || m.Canary)) return new() { Next = RolloutState.RolledBack };
        // What nobody could have got costs nobody anything: it goes back at once.
        var unready = ours.Where(m => (m.Canary || m.OnNew) && !m.Occupied && (m.Canary || m.State is MachineState.Provisioning or MachineState.Faulted)).Select(m => m.Machine).ToList();
        var (change, held) = Pace(facts, ours, m => m.OnNew && !m.Canary);
        return new()
        {
            Refresh = [.. unready, .. change], Empty = Emptied(facts, ours, m => m.OnNew && !m.Canary, Room(facts, ours) - change.Count, change.Count),
            Waiting = held ? RefusalReason.RolloutKeepsReady : change.Count + unready.Count == 0 && ours.Any(m => m.OnNew && m.Occupied) ? RefusalReason.RolloutWaitsForLogOff : null,
        };
    }

    // INVARIANT: this never takes a ready machine when fewer than the minimum would be left.
    private static (List<MachineId> Change, bool Held) Pace(RolloutFacts facts, List<RolloutMachine> ours, Func<RolloutMachine, bool> outdated)
    {
        var room = Room(facts, ours);
        var spare = ours.Count(m => m.Ready) - facts.KeepReady;
        var (change, held) = (new List<MachineId>(), false);
        foreach (var machine in ours.Where(m => m is { State: MachineState.Available or MachineState.Asleep, Occupied: false } && outdated(m)).OrderBy(m => m.Ready))
        {
            if (change.Count >= room) break;
            if (machine.Ready && spare <= 0) { held = true; break; }
            if (machine.Ready) spare--;
            change.Add(machine.Machine);
        }
        return (change, held && change.Count == 0);
    }

    private static int Room(RolloutFacts facts, List<RolloutMachine> ours) =>
        Math.Max(1, (ours.Count * facts.WavePercent + 99) / 100) - ours.Count(m => m.State == MachineState.Provisioning);

    // Shared machines may never be empty by themselves: as many as may change at once take nobody new, full ones first,
    // then those with the fewest people. INVARIANT: the minimum of machines that take somebody stays.
    private static List<MachineId> Emptied(RolloutFacts facts, List<RolloutMachine> ours, Func<RolloutMachine, bool> outdated, int most, int changing = 0)
    {
        var room = most - ours.Count(m => m is { Emptying: true, Occupied: true });
        var spare = ours.Count(m => m.Ready) - changing - facts.KeepReady;
        var emptied = new List<MachineId>();
        foreach (var machine in ours.Where(m => m is { FreeSeats: not null, Occupied: true, Draining: false } && outdated(m)).OrderBy(m => m.Ready).ThenByDescending(m => m.FreeSeats))
        {
            if (emptied.Count >= room || (machine.Ready && spare <= 0)) break;
            if (machine.Ready) spare--;
            emptied.Add(machine.Machine);
        }
        return emptied;
    }

    // A canary that was logged on to is made fresh, whatever kind of pool it is in, before anybody else can get it. So is one
    // that came up while the roll-out was halted: then the old version was wanted of it.
    private static List<MachineId> Stale(List<RolloutMachine> canaries) =>
        [.. canaries.Where(m => m is { State: MachineState.Reserved, Occupied: false, Probe: not Probe.Running } && (m.Used || !m.OnNew)).Select(m => m.Machine)];

    private static RolloutStep Halt(RolloutFailure failure) => new() { Next = RolloutState.RollingBack, Halt = failure };

    private static RolloutState? Becomes(RolloutState now, RolloutState next) => now == next ? null : next;
}
