namespace Montalegre.Vdi.Domain;

/// <summary>A machine as the pool's reconciler sees it.</summary>
/// <param name="Machine">Which.</param>
/// <param name="Ordinal">Its number in the pool's naming.</param>
/// <param name="State">What it is good for.</param>
/// <param name="Assigned">Bound to one person for good.</param>
/// <param name="CurrentImage">Made from the pool's present image version.</param>
public readonly record struct PoolMember(MachineId Machine, int Ordinal, MachineState State, bool Assigned, bool CurrentImage)
{
    /// <summary>IT lets nobody new on it, so it is no spare.</summary>
    public bool Draining { get; init; }

    /// <summary>Its host is let go of, and another host of the pool is in service.</summary>
    public bool Leaving { get; init; }

    /// <summary>People on it; only counted where machines are shared.</summary>
    public int People { get; init; }

    /// <summary>Whose own it is; null when nobody's, or when that is of no matter.</summary>
    public UserId? Owner { get; init; }

    /// <summary>Its owner waits for it, or usually comes about now.</summary>
    public bool OwnerExpected { get; init; }

    /// <summary>How long it has been in this state.</summary>
    public TimeSpan StateAge { get; init; }
}

/// <summary>What a pool ought to have.</summary>
/// <param name="Maximum">Machines it may have at most.</param>
/// <param name="Spare">Machines it keeps ready.</param>
/// <param name="Waiting">People in the queue right now: each gets a machine, whatever the spare says.</param>
/// <param name="ShrinkAfter">A machine beyond the spare stays that long unused before it goes, so that the pool does not swing.</param>
public sealed record PoolTarget(int Maximum, Spare Spare, int Waiting, TimeSpan ShrinkAfter)
{
    /// <summary>What becomes of machines beyond the spare that stayed unused that long.</summary>
    public IdleAction Idle { get; init; } = IdleAction.Remove;

    /// <summary>Unused machines fall asleep, by one way or the other.</summary>
    public bool Sleeps => Idle is IdleAction.ShutDown or IdleAction.Suspend;
}

/// <summary>What brings a pool to its target: machines to create, by ordinal, machines to let go, to refresh, to wake and to put to sleep.</summary>
public sealed record PoolChange(IReadOnlyList<int> Create, IReadOnlyList<MachineId> Remove, IReadOnlyList<MachineId> Refresh)
{
    /// <summary>The pool is as it should be.</summary>
    public static PoolChange None { get; } = new([], [], []);

    /// <summary>Machines that are asleep and wanted.</summary>
    public IReadOnlyList<MachineId> Wake { get; init; } = [];

    /// <summary>Ready machines that nobody needs now.</summary>
    public IReadOnlyList<MachineId> Sleep { get; init; } = [];

    /// <summary>True when the pool is as it should be.</summary>
    public bool Nothing => Create.Count == 0 && Remove.Count == 0 && Refresh.Count == 0 && Wake.Count == 0 && Sleep.Count == 0;
}

/// <summary>Compares a pool's target and image with its machines.</summary>
public static class PoolPlan
{
    /// <summary>
    /// The change that is wanted now. Occupied, unreachable and assigned machines are never removed; free machines of
    /// an older image are refreshed, at most half of the free ones at a time, so that somebody can still start; free machines
    /// on a host that is let go of are made anew on another one.
    /// </summary>
    public static PoolChange Compare(PoolTarget target, IReadOnlyList<PoolMember> members)
    {
        var standing = PoolStanding.Of(target, null, members);
        var lacks = Math.Max(target.Spare.Of(target.Maximum), target.Waiting) - standing.Free;
        return !standing.Special && standing.Kept <= target.Maximum && (lacks >= 0 || standing.Aged == 0)
            ? Grow(members, Math.Min(target.Maximum - standing.Kept, lacks))
            : CompareEach(target, members);
    }

    /// <summary>The change that is wanted now, by machines and their people: seats are counted where machines are shared.</summary>
    public static PoolChange Compare(PoolTarget target, int? seats, IReadOnlyList<PoolMember> members) =>
        seats is { } shared ? SharedPoolPlan.Compare(target, shared, members) : Compare(target, members);

    internal static PoolChange Grow(IReadOnlyList<PoolMember> members, int more) => more <= 0 ? PoolChange.None : new(FreeOrdinals(members, more), [], []);

    internal static PoolChange CompareEach(PoolTarget target, IReadOnlyList<PoolMember> members)
    {
        var leaving = members.Where(m => m.Leaving && !m.Assigned && m.State is MachineState.Faulted or MachineState.Provisioning or MachineState.Available or MachineState.Asleep).ToList();
        var kept = members.Where(m => m.State != MachineState.Deleting).Without(leaving).ToList();
        // What cannot serve the next person is no spare: occupied, assigned, drained, sleeping and faulted machines.
        var missing = Math.Max(target.Spare.Of(target.Maximum), target.Waiting) - kept.Count(m => !m.Assigned && !m.Draining && m.State is MachineState.Available or MachineState.Provisioning);
        var over = Over(kept, target.Maximum);
        var woken = kept.Without(over).Where(m => m is { State: MachineState.Asleep, Assigned: false, Draining: false }).OrderBy(m => m.Ordinal).Take(missing).ToList();
        var owned = kept.Where(m => m is { State: MachineState.Asleep, Assigned: true } && (m.OwnerExpected || target.Idle == IdleAction.Remove));
        var create = FreeOrdinals(members, Math.Min(target.Maximum - kept.Count, missing - woken.Count));
        var unused = Unused(target, kept.Without(over).Without(woken), -missing - over.Count(m => m.State is MachineState.Available or MachineState.Provisioning && !m.Draining));
        var gone = target.Idle == IdleAction.Remove ? [.. over.Concat(unused)] : over;
        return new(create, Ids(leaving.Concat(gone)), gone.Count > 0 ? [] : Outdated(kept))
        {
            Wake = Ids(woken.Concat(owned)),
            Sleep = target.Sleeps ? Ids(unused.Where(m => m.State == MachineState.Available).Concat(kept.Where(m => m is { State: MachineState.Available, Assigned: true, OwnerExpected: false } && m.StateAge >= target.ShrinkAfter))) : [],
        };
    }

    // Beyond the maximum machines go at once: those first that serve nobody.
    internal static List<PoolMember> Over(List<PoolMember> kept, int maximum) =>
        [.. kept.Where(m => !m.Assigned && m.State is MachineState.Faulted or MachineState.Provisioning or MachineState.Available or MachineState.Asleep)
            .OrderBy(m => m.State switch { MachineState.Faulted => 0, MachineState.Asleep => 1, MachineState.Provisioning => 2, _ => 3 })
            .ThenByDescending(m => m.Ordinal)
            .Take(kept.Count - maximum)];

    // Beyond the spare but within the maximum there is no hurry: only what nobody has needed for long.
    private static List<PoolMember> Unused(PoolTarget target, IEnumerable<PoolMember> kept, int more) =>
        [.. kept.Where(m => !m.Assigned && !m.Draining && m.StateAge >= target.ShrinkAfter && m.State is MachineState.Available)
            .OrderByDescending(m => m.Ordinal)
            .Take(more),
            .. kept.Where(m => m is { State: MachineState.Asleep, Assigned: false, Draining: false } && target.Idle == IdleAction.Remove && m.StateAge >= target.ShrinkAfter)];

    // Ordinals of machines still being deleted are taken until they are gone.
    internal static List<int> FreeOrdinals(IReadOnlyList<PoolMember> members, int more)
    {
        var taken = new bool[members.Count + Math.Max(0, more)];
        for (var i = 0; i < members.Count; i++)
            if (members[i].Ordinal is var ordinal && ordinal > 0 && ordinal <= taken.Length) taken[ordinal - 1] = true;
        return [.. Enumerable.Range(1, taken.Length).Where(n => !taken[n - 1]).Take(more)];
    }

    // To compare members whole is dear, and nearly always there are none to leave out.
    internal static IEnumerable<PoolMember> Without(this IEnumerable<PoolMember> members, List<PoolMember> others) => others.Count == 0 ? members : members.Except(others);

    internal static IReadOnlyList<MachineId> Ids(IEnumerable<PoolMember> members) => [.. members.Select(m => m.Machine)];

    internal static List<MachineId> Outdated(List<PoolMember> kept)
    {
        var free = kept.Where(m => m.State == MachineState.Available).ToList();
        var outdated = free.Where(m => !m.CurrentImage && !m.Assigned).ToList();
        return outdated.Take((free.Count + 1) / 2).Select(m => m.Machine).ToList();
    }
}
