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

    /// <summary>How long it has been in this state.</summary>
    public TimeSpan StateAge { get; init; }
}

/// <summary>What a pool ought to have.</summary>
/// <param name="Maximum">Machines it may have at most.</param>
/// <param name="Spare">Machines it keeps ready.</param>
/// <param name="Waiting">People in the queue right now: each gets a machine, whatever the spare says.</param>
/// <param name="ShrinkAfter">A machine beyond the spare stays that long unused before it goes, so that the pool does not swing.</param>
public sealed record PoolTarget(int Maximum, Spare Spare, int Waiting, TimeSpan ShrinkAfter);

/// <summary>What brings a pool to its target: machines to create, by ordinal, machines to let go, and machines to refresh.</summary>
public sealed record PoolChange(IReadOnlyList<int> Create, IReadOnlyList<MachineId> Remove, IReadOnlyList<MachineId> Refresh)
{
    /// <summary>True when the pool is as it should be.</summary>
    public bool Nothing => Create.Count == 0 && Remove.Count == 0 && Refresh.Count == 0;
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
        var leaving = members.Where(m => m.Leaving && !m.Assigned && m.State is MachineState.Faulted or MachineState.Provisioning or MachineState.Available).ToList();
        var kept = members.Where(m => m.State != MachineState.Deleting).Except(leaving).ToList();
        // What cannot serve the next person is no spare: occupied, assigned, drained and faulted machines.
        var serving = kept.Count(m => !m.Assigned && !m.Draining && m.State is MachineState.Available or MachineState.Provisioning);
        var wanted = Math.Min(target.Maximum, kept.Count - serving + Math.Max(target.Spare.Of(target.Maximum), target.Waiting));
        if (kept.Count < wanted)
        {
            // Ordinals of machines still being deleted are taken until they are gone.
            var taken = members.Select(m => m.Ordinal).ToHashSet();
            var create = Enumerable.Range(1, wanted + members.Count).Where(n => !taken.Contains(n)).Take(wanted - kept.Count).ToList();
            return new(create, [.. leaving.Select(m => m.Machine)], Outdated(kept));
        }
        var surplus = Surplus(target, kept, wanted);
        return new([], [.. leaving.Select(m => m.Machine), .. surplus], surplus.Count > 0 ? [] : Outdated(kept));
    }

    private static List<MachineId> Surplus(PoolTarget target, List<PoolMember> kept, int wanted)
    {
        var over = kept.Where(m => !m.Assigned && m.State is MachineState.Faulted or MachineState.Provisioning or MachineState.Available)
            .OrderBy(m => m.State switch { MachineState.Faulted => 0, MachineState.Provisioning => 1, _ => 2 })
            .ThenByDescending(m => m.Ordinal)
            .Take(kept.Count - target.Maximum).ToList();
        // Beyond the spare but within the maximum there is no hurry: only what nobody has needed for long.
        var unused = kept.Except(over).Where(m => !m.Assigned && !m.Draining && m.State == MachineState.Available && m.StateAge >= target.ShrinkAfter)
            .OrderByDescending(m => m.Ordinal)
            .Take(kept.Count - over.Count - wanted);
        return [.. over.Concat(unused).Select(m => m.Machine)];
    }

    internal static List<MachineId> Outdated(List<PoolMember> kept)
    {
        var free = kept.Where(m => m.State == MachineState.Available).ToList();
        var outdated = free.Where(m => !m.CurrentImage && !m.Assigned).ToList();
        return outdated.Take((free.Count + 1) / 2).Select(m => m.Machine).ToList();
    }
}
