using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Domain;

/// <summary>A machine in a replay.</summary>
internal sealed class ReplayedMachine(int ordinal)
{
    public int Ordinal { get; } = ordinal;
    public MachineId Id { get; } = new(new Guid(ordinal, 0, 0, new byte[8]));
    public MachineState State { get; set; } = MachineState.Provisioning;
    public DateTimeOffset Since { get; set; }
    public DateTimeOffset MadeAt { get; set; }
    public bool Starting { get; set; }
    public bool Gone { get; set; }
    public bool Owned { get; set; }
    public int People { get; set; }
}

/// <summary>
/// The machines of a replay, and beside them what the pool's plan reads of each, kept up to date instead of made anew at each moment.
/// A ready machine's age is told to the plan once, when it is long enough for it to matter.
/// </summary>
internal sealed class ReplayedMachines(TimeSpan shrinkAfter)
{
    private readonly List<ReplayedMachine> _machines = [];
    private readonly List<PoolMember> _members = [];
    private readonly Queue<(ReplayedMachine Machine, DateTimeOffset Since)> _aging = new();   // in the order in which they became ready

    public IReadOnlyList<PoolMember> Members => _members;

    public int Count => _machines.Count;

    public IEnumerable<ReplayedMachine> All => _machines;

    public void Add(ReplayedMachine machine)
    {
        _machines.Add(machine);
        _members.Add(new(machine.Id, machine.Ordinal, machine.State, machine.Owned, CurrentImage: true) { People = machine.People });
    }

    /// <summary>Takes it out; it comes back no more.</summary>
    public void Remove(ReplayedMachine machine)
    {
        var at = _machines.IndexOf(machine);
        machine.Gone = true;
        _machines.RemoveAt(at);
        _members.RemoveAt(at);
    }

    public ReplayedMachine Find(MachineId id) => _machines.Find(m => m.Id == id)!;

    public void Become(ReplayedMachine machine, MachineState state, DateTimeOffset now)
    {
        (machine.State, machine.Since) = (state, now);
        if (state == MachineState.Available) _aging.Enqueue((machine, now));
        Told(machine, TimeSpan.Zero);
    }

    /// <summary>People or owner of it are others now.</summary>
    public void Changed(ReplayedMachine machine) => Told(machine, TimeSpan.Zero);

    /// <summary>Tells the plan of those that are ready for so long now; answers when the next one will be.</summary>
    public DateTimeOffset? Age(DateTimeOffset now)
    {
        while (_aging.TryPeek(out var oldest))
        {
            var stale = oldest.Machine.Gone || oldest.Machine.State != MachineState.Available || oldest.Machine.Since != oldest.Since;
            if (!stale && oldest.Since + shrinkAfter > now) return oldest.Since + shrinkAfter;
            _aging.Dequeue();
            if (!stale) Told(oldest.Machine, shrinkAfter);
        }
        return null;
    }

    /// <summary>A machine for somebody who has none, as the launch statement would choose it; ties go to the first.</summary>
    public ReplayedMachine? Choose(int? seats, SeatDistribution distribution)
    {
        ReplayedMachine? best = null;
        foreach (var machine in _machines)
        {
            if (machine.Owned) continue;
            if (seats is null)
            {
                if (machine.State == MachineState.Available) return machine;
                continue;
            }
            if (machine.State is not (MachineState.Available or MachineState.InUse) || machine.People >= seats) continue;
            if (best is null || (distribution == SeatDistribution.Depth ? machine.People > best.People : machine.People < best.People)) best = machine;
        }
        return best;
    }

    private void Told(ReplayedMachine machine, TimeSpan age)
    {
        var at = _machines.IndexOf(machine);
        ref var member = ref CollectionsMarshal.AsSpan(_members)[at];
        member = new(machine.Id, machine.Ordinal, machine.State, machine.Owned, CurrentImage: true) { People = machine.People, StateAge = age };
    }
}
