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
        var standing = PoolStanding.Of(target, seats, members);
        var lacks = Math.Max(SpareSeats(target, seats), target.Waiting) - standing.Free;
        return !standing.Special && standing.Kept <= target.Maximum && (lacks > -seats || standing.Aged == 0)
            ? PoolPlan.Grow(members, Math.Min(target.Maximum - standing.Kept, (lacks + seats - 1) / seats))
            : CompareEach(target, seats, members);
    }

    internal static PoolChange CompareEach(PoolTarget target, int seats, IReadOnlyList<PoolMember> members)
    {
        var leaving = members.Where(m => m.Leaving && m.State is (MachineState.Faulted or MachineState.Provisioning or MachineState.Available or MachineState.Asleep)).ToList();
        var kept = members.Where(m => m.State != MachineState.Deleting).Without(leaving).ToList();
        var free = kept.Where(m => Serves(m)).Sum(m => Math.Max(0, seats - m.People));
        var missing = Math.Max(SpareSeats(target, seats), target.Waiting) - free;
        var over = PoolPlan.Over(kept, target.Maximum);
        var needed = Math.Max(0, (missing + seats - 1) / seats);
        var woken = kept.Without(over).Where(m => m is { State: MachineState.Asleep, Draining: false }).OrderBy(m => m.Ordinal).Take(needed).ToList();
        var create = PoolPlan.FreeOrdinals(members, Math.Min(needed - woken.Count, target.Maximum - kept.Count));
        // Beyond the spare there is no hurry: only what nobody has needed for long, as whole machines.
        var beyond = (-missing - over.Where(m => Serves(m)).Sum(m => seats - m.People)) / seats;
        var unused = target.Spare.IsEverything ? [] : kept.Without(over).Where(m => !m.Draining && m.State == MachineState.Available && m.StateAge >= target.ShrinkAfter)
            .OrderByDescending(m => m.Ordinal)
            .Take(beyond).ToList();
        var forgotten = kept.Without(over).Without(woken).Where(m => m is { State: MachineState.Asleep, Draining: false } && m.StateAge >= target.ShrinkAfter);
        var gone = target.Idle == IdleAction.Remove ? [.. over, .. unused, .. forgotten] : over;
        return new(create, PoolPlan.Ids(leaving.Concat(gone)), gone.Count > 0 ? [] : PoolPlan.Outdated(kept))
        {
            Wake = PoolPlan.Ids(woken),
            Sleep = target.Sleeps ? PoolPlan.Ids(unused) : [],
        };
    }

    private static int SpareSeats(PoolTarget target, int seats) => target.Spare.IsEverything ? target.Maximum * seats : target.Spare.Of(target.Maximum * seats);

    internal static bool Serves(in PoolMember m) => !m.Draining && m.State is (MachineState.Available or MachineState.Provisioning or MachineState.Reserved or MachineState.InUse);
}
