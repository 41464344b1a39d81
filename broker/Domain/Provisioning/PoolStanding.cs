using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Domain;

/// <summary>
/// What one look over a pool's machines counts. Nearly every comparison finds nothing to do, or only machines to make; both are told from
/// the counts alone, so that 10,000 machines are compared, and a month is replayed, without sorting anything.
/// </summary>
internal readonly record struct PoolStanding
{
    /// <summary>Machines that the pool has, without those that go.</summary>
    public int Kept { get; private init; }

    /// <summary>Free places for people: machines, or seats of shared ones; those included that are being made.</summary>
    public int Free { get; private init; }

    /// <summary>Ready machines that nobody has needed for as long as the target bears.</summary>
    public int Aged { get; private init; }

    /// <summary>Something asks for more than a count: a machine leaves its host, sleeps, is of an older image, or its owner is away.</summary>
    public bool Special { get; private init; }

    /// <param name="target">Says how long unused is long.</param>
    /// <param name="seats">People whom each machine serves at once; null where a machine is one person's.</param>
    /// <param name="members">The pool's machines.</param>
    public static PoolStanding Of(PoolTarget target, int? seats, IReadOnlyList<PoolMember> members)
    {
        var (kept, free, aged) = (0, 0, 0);
        foreach (ref readonly var m in Span(members))
        {
            if (m.Leaving || m.State == MachineState.Asleep) return new() { Special = true };
            if (m.State == MachineState.Deleting) continue;
            kept++;
            if (m.State == MachineState.Available)
            {
                if (!m.CurrentImage || (m.Assigned && target.Sleeps)) return new() { Special = true };
                if ((seats is not null || !m.Assigned) && !m.Draining && m.StateAge >= target.ShrinkAfter) aged++;
            }
            if (m.Draining) continue;
            if (seats is { } each) free += SharedPoolPlan.Serves(in m) ? Math.Max(0, each - m.People) : 0;
            else if (!m.Assigned && m.State is MachineState.Available or MachineState.Provisioning) free++;
        }
        return new() { Kept = kept, Free = free, Aged = aged };
    }

    // A member is a large value: looked at where it lies, not copied.
    private static ReadOnlySpan<PoolMember> Span(IReadOnlyList<PoolMember> members) => members switch
    {
        List<PoolMember> list => CollectionsMarshal.AsSpan(list),
        PoolMember[] array => array,
        _ => members.ToArray(),
    };
}
