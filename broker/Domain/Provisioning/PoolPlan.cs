namespace Montalegre.Vdi.Domain;

/// <summary>A machine as the pool's reconciler sees it.</summary>
public readonly record struct PoolMember(MachineId Machine, int Ordinal, MachineState State, bool Assigned, bool CurrentImage);

/// <summary>What brings a pool to its size: machines to create, by ordinal, and machines to let go.</summary>
public sealed record PoolChange(IReadOnlyList<int> Create, IReadOnlyList<MachineId> Remove, IReadOnlyList<MachineId> Refresh)
{
    /// <summary>True when the pool is as it should be.</summary>
    public bool Nothing => Create.Count == 0 && Remove.Count == 0 && Refresh.Count == 0;
}

/// <summary>Compares a pool's wanted size and image with its machines.</summary>
public static class PoolPlan
{
    /// <summary>
    /// The change that is wanted now. Occupied, unreachable and assigned machines are never removed; free machines of
    /// an older image are refreshed, at most half of the free ones at a time, so that somebody can still start.
    /// </summary>
    public static PoolChange Compare(int size, IReadOnlyList<PoolMember> members)
    {
        var kept = members.Where(m => m.State != MachineState.Deleting).ToList();
        if (kept.Count < size)
        {
            // Ordinals of machines still being deleted are taken until they are gone.
            var taken = members.Select(m => m.Ordinal).ToHashSet();
            var create = Enumerable.Range(1, size + members.Count).Where(n => !taken.Contains(n)).Take(size - kept.Count).ToList();
            return new(create, [], Outdated(kept));
        }
        var surplus = kept.Where(m => !m.Assigned && m.State is MachineState.Faulted or MachineState.Provisioning or MachineState.Available)
            .OrderBy(m => m.State switch { MachineState.Faulted => 0, MachineState.Provisioning => 1, _ => 2 })
            .ThenByDescending(m => m.Ordinal)
            .Take(kept.Count - size).Select(m => m.Machine).ToList();
        return new([], surplus, surplus.Count > 0 ? [] : Outdated(kept));
    }

    private static List<MachineId> Outdated(List<PoolMember> kept)
    {
        var free = kept.Where(m => m.State == MachineState.Available).ToList();
        var outdated = free.Where(m => !m.CurrentImage && !m.Assigned).ToList();
        return outdated.Take((free.Count + 1) / 2).Select(m => m.Machine).ToList();
    }
}
