using Machine = Montalegre.Vdi.Domain.ReplayedMachine;

namespace Montalegre.Vdi.Domain;

/// <summary>
/// Plays recorded arrivals against other settings of a pool. What machines to make and to let go is <see cref="PoolPlan"/>, who gets one and
/// who waits is <see cref="LaunchPolicy"/>: the code that decides for real. Hosts are taken to have room, and machines to start without
/// failing; a shared machine is renewed only as somebody leaves it. Of a manual pool all computers are there from the beginning.
/// </summary>
public sealed class PoolReplay
{
    private readonly ReplaySettings _settings;
    private readonly PriorityQueue<Happening, (DateTimeOffset At, Kind Kind, int Order)> _happenings = new();
    private readonly ReplayedMachines _machines;
    private readonly Dictionary<string, Machine> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Machine> _own = new(StringComparer.Ordinal);
    private readonly Queue<Waiting> _queue = new();
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly Queue<Machine> _toStart = new();
    private readonly List<ReplayedWait> _waits = [];
    private DateTimeOffset _now;
    private int _order, _starting, _arrivals, _most;
    private DateTimeOffset? _mostAt;
    private bool _looks = true;

    private PoolReplay(ReplaySettings settings) => (_settings, _machines) = (settings, new(settings.ShrinkAfter));

    // In this order at the same moment: what has come free is there for whoever comes.
    private enum Kind { Look, Ready, Leave, Arrive }

    private readonly record struct Happening(Kind Kind, RecordedStay Stay, Machine? Machine);

    private sealed record Waiting(RecordedStay Stay, WaitNotice Told);

    /// <summary>The same record and settings always give the same answer.</summary>
    /// <param name="record">In any order.</param>
    /// <param name="settings">Of the pool.</param>
    /// <param name="until">Where the record ends: who still waits then was not served.</param>
    /// <param name="ct">Gives up.</param>
    public static ReplayResult Run(IReadOnlyList<RecordedStay> record, ReplaySettings settings, DateTimeOffset until, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.StartsAtOnce, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Maximum);
        return new PoolReplay(settings).Run(record.OrderBy(s => s.AskedAt).ThenBy(s => s.Person, StringComparer.Ordinal).ToList(), until, ct);
    }

    private ReplayResult Run(List<RecordedStay> record, DateTimeOffset until, CancellationToken ct)
    {
        if (record.Count == 0) return new(0, [], TimeSpan.Zero, 0, null);
        // Time enough before the first arrival that the spare machines are ready.
        _now = record[0].AskedAt - (_settings.Start * ((_settings.Maximum / _settings.StartsAtOnce) + 2));
        Begin();
        Happens(_now, new(Kind.Look, default, null));
        foreach (var stay in record) Happens(stay.AskedAt, new(Kind.Arrive, stay, null));
        while (_happenings.TryPeek(out _, out var next) && next.At <= until)
        {
            ct.ThrowIfCancellationRequested();
            _now = next.At;
            while (_happenings.TryPeek(out var happening, out var due) && due.At == _now)
            {
                _happenings.Dequeue();
                Happen(happening);
            }
            Serve();
            Reconcile();
        }
        foreach (var left in _queue) _waits.Add(new(left.Stay.Person, left.Stay.AskedAt, until - left.Stay.AskedAt, Served: false, left.Told));
        var waits = _waits.OrderBy(w => w.AskedAt).ToList();
        return new(_arrivals, waits, Percentile95(waits), _most, _mostAt);
    }

    private void Happen(Happening happening)
    {
        switch (happening)
        {
            case { Kind: Kind.Arrive, Stay: var stay }:
                Arrive(stay);
                break;
            case { Kind: Kind.Leave, Machine: { } machine, Stay: var stay }:
                _sessions.Remove(stay.Person);
                Leave(machine);
                break;
            case { Kind: Kind.Ready, Machine: { Gone: false } machine }:
                (_starting, machine.Starting, machine.MadeAt) = (_starting - 1, false, _now);
                _machines.Become(machine, MachineState.Available, _now);
                break;
            case { Kind: Kind.Look }:
                _looks = false;
                break;
        }
    }

    // What is there before anybody comes: people's own machines, and all computers of a manual pool.
    private void Begin()
    {
        var ordinal = 0;
        foreach (var owner in _settings.Kind == PoolKind.Manual ? _settings.Owners.Take(_settings.Maximum) : _settings.Owners) Bind(owner, There(++ordinal));
        if (_settings.Kind == PoolKind.Manual)
            while (ordinal < _settings.Maximum) There(++ordinal);
        Most();
    }

    private Machine There(int ordinal)
    {
        var machine = new Machine(ordinal);
        _machines.Add(machine);
        _machines.Become(machine, MachineState.Available, _now);
        return machine;
    }

    private void Bind(string person, Machine machine)
    {
        (machine.Owned, _own[person]) = (true, machine);
        _machines.Changed(machine);
    }

    private void Arrive(RecordedStay stay)
    {
        if (_waiting.Contains(stay.Person)) return;   // asks again, keeps the place
        Serve();   // what came free at this moment goes to those ahead, and only then to whoever comes
        var own = _sessions.GetValueOrDefault(stay.Person);
        var bond = _own.GetValueOrDefault(stay.Person);
        // A free machine counts only for whoever is first: those ahead get theirs first, as the launch statement has it.
        var free = own is not null ? null : bond is not null ? bond : _queue.Count == 0 ? Choose() : null;
        var placement = LaunchPolicy.Decide(new()
        {
            PoolExists = true, PoolEnabled = true, Entitled = true, OwnSession = own is null ? null : Session(own), OwnMachineState = own?.State, Machine = (own ?? free)?.Id,
            OpenedSession = free is null ? null : Session(free), OwnMachine = bond is not null,
        });
        if (placement is Placement.Reconnect) return;
        _arrivals++;
        if (placement is Placement.Start) Take(free!, stay);
        else
        {
            _waiting.Add(stay.Person);
            _queue.Enqueue(new(stay, LaunchPolicy.Explain(Facts(_queue.Count + 1))));
        }
    }

    private void Serve()
    {
        while (_queue.Count > 0 && Choose() is { } free)
        {
            var (stay, told) = _queue.Dequeue();
            _waiting.Remove(stay.Person);
            _waits.Add(new(stay.Person, stay.AskedAt, _now - stay.AskedAt, Served: true, told));
            Take(free, stay);
        }
    }

    private void Take(Machine machine, RecordedStay stay)
    {
        machine.People++;
        if (_settings.Kind == PoolKind.Dedicated && !machine.Owned) Bind(stay.Person, machine);
        if (machine.State == MachineState.InUse) _machines.Changed(machine);
        else _machines.Become(machine, MachineState.InUse, _now);
        _sessions[stay.Person] = machine;
        if (stay.Stay is { } length) Happens(_now + length, new(Kind.Leave, stay, machine));
    }

    private void Leave(Machine machine)
    {
        machine.People--;
        if (machine.People > 0)
        {
            _machines.Changed(machine);
            return;
        }
        var manual = _settings.Kind == PoolKind.Manual;
        var action = _settings.Seats is null ? _settings.AfterLogOff : MachineAfterSession.SharedAction(_settings.AfterLogOff, manual, _now - machine.MadeAt >= _settings.RenewAfter);
        var next = MachineAfterSession.Next(action, manual, machine.State);
        if (next == MachineState.Deleting)
        {
            _machines.Remove(machine);
            return;
        }
        _machines.Become(machine, next, _now);
        if (next == MachineState.Provisioning) _toStart.Enqueue(machine);
    }

    private void Reconcile()
    {
        var looksAt = _machines.Age(_now);
        if (_settings.Kind == PoolKind.Manual) return;   // nobody makes its computers
        var change = PoolPlan.Compare(new(_settings.Maximum, _settings.Spare, _queue.Count, _settings.ShrinkAfter), _settings.Kind == PoolKind.MultiSession ? _settings.Seats : null, _machines.Members);
        foreach (var id in change.Remove)
        {
            var machine = _machines.Find(id);
            if (machine.Starting) _starting--;
            _machines.Remove(machine);
        }
        foreach (var ordinal in change.Create)
        {
            var machine = new Machine(ordinal) { Since = _now };
            _machines.Add(machine);
            _toStart.Enqueue(machine);
        }
        while (_starting < _settings.StartsAtOnce && _toStart.TryDequeue(out var next))
        {
            if (next.Gone) continue;
            (_starting, next.Starting, next.Since) = (_starting + 1, true, _now);
            Happens(_now + _settings.Start, new(Kind.Ready, default, next));
        }
        // A machine grows old without anything happening to it: one look ahead is enough, as the next one looks further.
        if (!_looks && !_settings.Spare.IsEverything && looksAt is { } at)
        {
            _looks = true;
            Happens(at, new(Kind.Look, default, null));
        }
        Most();
    }

    private void Most()
    {
        if (_machines.Count > _most) (_most, _mostAt) = (_machines.Count, _now);
    }

    private Machine? Choose() => _machines.Choose(_settings.Seats, _settings.Distribution);

    private WaitFacts Facts(int place) => new()
    {
        Place = place, BeingProvisioned = _machines.All.Count(m => m.State == MachineState.Provisioning), BeingRefreshed = 0, Occupied = _machines.All.Count(m => m.State == MachineState.InUse),
        Machines = _machines.Count, Size = _settings.Maximum, Seats = _settings.Seats ?? 1, TypicalStart = _settings.Start, StartsAtOnce = _settings.StartsAtOnce,
        StartAges = [.. _machines.All.Where(m => m.Starting).Select(m => _now - m.Since).OrderDescending()],
    };

    private void Happens(DateTimeOffset at, Happening happening) => _happenings.Enqueue(happening, (at, happening.Kind, _order++));

    private static SessionId Session(Machine machine) => new(machine.Id.Value);

    // Over all arrivals: whoever did not wait counts as zero.
    private TimeSpan Percentile95(List<ReplayedWait> waits)
    {
        var beyond = _arrivals - (int)Math.Ceiling(_arrivals * 0.95);
        return waits.Count <= beyond ? TimeSpan.Zero : waits.Select(w => w.Wait).OrderDescending().ElementAt(beyond);
    }
}
