namespace Montalegre.Vdi.Domain;

/// <summary>Compares a multi-session pool's target with its machines. Its spare and its queue count seats, its maximum counts machines.</summary>
public static class SharedPoolPlan
{
    /// <summary>
    /// The change that is wanted now. A seat is spare when nobody has it and its machine takes people, or is being made. A machine with
    /// anybody on it is never removed and never refreshed; one that nobody is on goes when the seats of the others are enough.
    /// </summary>
    /// <param name="target">Its spare is free seats, its share one of all seats of the maximum.</param>
    /// <param name="seats">People whom each machine serves at once.</param>
    /// <param name="members">The pool's machines with the people on them.</param>
    public static PoolChange Compare(PoolTarget target, int seats, IReadOnlyList<PoolMember> members)
    {
        var leaving = members.Where(m => m.Leaving && m.State is (MachineState.Faulted or MachineState.Provisioning or MachineState.Available)).ToList();
        var kept = members.Where(m => m.State != MachineState.Deleting).Except(leaving).ToList();
        var free = kept.Where(Serves).Sum(m => Math.Max(0, seats - m.People));
        var spare = target.Spare.IsEverything ? target.Maximum * seats : target.Spare.Of(target.Maximum * seats);
        var missing = Math.Max(spare, target.Waiting) - free;
        var more = Math.Min((missing + seats - 1) / seats, target.Maximum - kept.Count);
        if (more > 0)
        {
            // Ordinals of machines still being deleted are taken until they are gone.
            var taken = members.Select(m => m.Ordinal).ToHashSet();
            var create = Enumerable.Range(1, more + members.Count).Where(n => !taken.Contains(n)).Take(more).ToList();
            return new(create, [.. leaving.Select(m => m.Machine)], PoolPlan.Outdated(kept));
        }
        var over = kept.Where(m => m.State is MachineState.Faulted or MachineState.Provisioning or MachineState.Available)
            .OrderBy(m => m.State switch { MachineState.Faulted => 0, MachineState.Provisioning => 1, _ => 2 })
            .ThenByDescending(m => m.Ordinal)
            .Take(kept.Count - target.Maximum).ToList();
        // Beyond the spare there is no hurry: only what nobody has needed for long, as whole machines.
        var beyond = (-missing - over.Where(Serves).Sum(m => seats - m.People)) / seats;
        var unused = target.Spare.IsEverything ? [] : kept.Except(over).Where(m => !m.Draining && m.State == MachineState.Available && m.StateAge >= target.ShrinkAfter)
            .OrderByDescending(m => m.Ordinal)
            .Take(beyond);
        List<MachineId> surplus = [.. over.Concat(unused).Select(m => m.Machine)];
        return new([], [.. leaving.Select(m => m.Machine), .. surplus], surplus.Count > 0 ? [] : PoolPlan.Outdated(kept));
    }

    private static bool Serves(PoolMember m) => !m.Draining && m.State is (MachineState.Available or MachineState.Provisioning or MachineState.Reserved or MachineState.InUse);
}
