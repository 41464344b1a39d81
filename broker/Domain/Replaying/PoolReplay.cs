namespace Montalegre.Vdi.Domain;

/// <summary>One recorded session: who asked for it, when, and for how long it lasted.</summary>
/// <param name="Person">User name.</param>
/// <param name="AskedAt">When the machine was asked for, not when it came.</param>
/// <param name="Stay">Null: it has not ended.</param>
public readonly record struct RecordedStay(string Person, DateTimeOffset AskedAt, TimeSpan? Stay);

/// <summary>What a pool would have been, and how fast its machines come.</summary>
/// <param name="Maximum">As <see cref="PoolTarget"/>.</param>
/// <param name="Spare">As <see cref="PoolTarget"/>.</param>
/// <param name="ShrinkAfter">As <see cref="PoolTarget"/>.</param>
/// <param name="Start">How long a start takes, and a return to the image.</param>
/// <param name="StartsAtOnce">That the pool's hosts make together; at least 1.</param>
public sealed record ReplaySettings(int Maximum, Spare Spare, TimeSpan ShrinkAfter, TimeSpan Start, int StartsAtOnce);

/// <summary>Somebody who would have waited.</summary>
/// <param name="Person">User name.</param>
/// <param name="AskedAt">When.</param>
/// <param name="Wait">Until a machine came, or until the end of the record.</param>
/// <param name="Served">False: no machine came before the end of the record.</param>
/// <param name="Told">What the person would have been told at first.</param>
public sealed record ReplayedWait(string Person, DateTimeOffset AskedAt, TimeSpan Wait, bool Served, WaitNotice Told);

/// <summary>What would have happened.</summary>
/// <param name="Arrivals">People who asked for a machine; coming back to an open session is none.</param>
/// <param name="Waits">All who would have waited, in the order in which they came.</param>
/// <param name="P95Wait">95 of 100 arrivals would have waited no longer.</param>
/// <param name="MostMachines">Machines at the busiest moment.</param>
/// <param name="MostMachinesAt">When there were so many for the first time.</param>
public sealed record ReplayResult(int Arrivals, IReadOnlyList<ReplayedWait> Waits, TimeSpan P95Wait, int MostMachines, DateTimeOffset? MostMachinesAt)
{
    /// <summary>Zero when nobody would have waited.</summary>
    public TimeSpan LongestWait => Waits.Count == 0 ? TimeSpan.Zero : Waits.Max(w => w.Wait);
}

/// <summary>
/// Plays recorded arrivals against other settings of a floating pool. What machines to make and to let go is
/// <see cref="PoolPlan.Compare"/>, who gets one and who waits is <see cref="LaunchPolicy"/>: the code that decides for real.
/// Hosts are taken to have room, and machines to start without failing.
/// </summary>
public sealed class PoolReplay
{
    private readonly ReplaySettings _settings;
    private readonly PriorityQueue<Happening, (DateTimeOffset At, int Order)> _happenings = new();
    private readonly List<Machine> _machines = [];
    private readonly Dictionary<string, Machine> _sessions = new(StringComparer.Ordinal);
    private readonly List<Waiting> _queue = [];
    private readonly Queue<Machine> _toStart = new();
    private readonly List<ReplayedWait> _waits = [];
    private DateTimeOffset _now;
    private int _order, _starting, _arrivals, _most;
    private DateTimeOffset? _mostAt;
    private bool _looks = true;

    private PoolReplay(ReplaySettings settings) => _settings = settings;

    private enum Kind { Look, Arrive, Leave, Ready }

    private readonly record struct Happening(Kind Kind, RecordedStay Stay, Machine? Machine);

    private sealed record Waiting(RecordedStay Stay, WaitNotice Told);

    private sealed class Machine(int ordinal)
    {
        public int Ordinal { get; } = ordinal;
        public MachineId Id { get; } = new(new Guid(ordinal, 0, 0, new byte[8]));
        public MachineState State { get; set; } = MachineState.Provisioning;
        public DateTimeOffset Since { get; set; }
        public bool Starting { get; set; }
        public bool Gone { get; set; }
    }

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
        Happens(record[0].AskedAt - (_settings.Start * ((_settings.Maximum / _settings.StartsAtOnce) + 2)), new(Kind.Look, default, null));
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
                Become(machine, MachineState.Provisioning);
                _toStart.Enqueue(machine);
                break;
            case { Kind: Kind.Ready, Machine: { Gone: false } machine }:
                (_starting, machine.Starting) = (_starting - 1, false);
                Become(machine, MachineState.Available);
                break;
            case { Kind: Kind.Look }:
                _looks = false;
                break;
        }
    }

    private void Arrive(RecordedStay stay)
    {
        if (_queue.Any(w => w.Stay.Person == stay.Person)) return;   // asks again, keeps the place
        var own = _sessions.GetValueOrDefault(stay.Person);
        // A free machine counts only for whoever is first: those ahead get theirs first, as the launch statement has it.
        var free = own is null && _queue.Count == 0 ? _machines.Find(m => m.State == MachineState.Available) : null;
        var placement = LaunchPolicy.Decide(new()
        {
            PoolExists = true, PoolEnabled = true, Entitled = true, OwnSession = own is null ? null : Session(own), OwnMachineState = own?.State, Machine = (own ?? free)?.Id,
            OpenedSession = free is null ? null : Session(free),
        });
        if (placement is Placement.Reconnect) return;
        _arrivals++;
        if (placement is Placement.Start) Take(free!, stay);
        else _queue.Add(new(stay, LaunchPolicy.Explain(Facts(_queue.Count + 1))));
    }

    private void Serve()
    {
        while (_queue.Count > 0 && _machines.Find(m => m.State == MachineState.Available) is { } free)
        {
            var (stay, told) = _queue[0];
            _queue.RemoveAt(0);
            _waits.Add(new(stay.Person, stay.AskedAt, _now - stay.AskedAt, Served: true, told));
            Take(free, stay);
        }
    }

    private void Take(Machine machine, RecordedStay stay)
    {
        Become(machine, MachineState.InUse);
        _sessions[stay.Person] = machine;
        if (stay.Stay is { } length) Happens(_now + length, new(Kind.Leave, stay, machine));
    }

    private void Reconcile()
    {
        var target = new PoolTarget(_settings.Maximum, _settings.Spare, _queue.Count, _settings.ShrinkAfter);
        var change = PoolPlan.Compare(target, [.. _machines.Select(m => new PoolMember(m.Id, m.Ordinal, m.State, Assigned: false, CurrentImage: true) { StateAge = _now - m.Since })]);
        foreach (var id in change.Remove)
        {
            var machine = _machines.Find(m => m.Id == id)!;
            machine.Gone = true;
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
        LookAgain();
        if (_machines.Count > _most) (_most, _mostAt) = (_machines.Count, _now);
    }

    // A machine grows old without anything happening to it: one look ahead is enough, as the next one looks further.
    private void LookAgain()
    {
        if (_looks || _settings.Spare.IsEverything) return;
        var next = DateTimeOffset.MaxValue;
        foreach (var machine in _machines)
            if (machine.State == MachineState.Available && machine.Since + _settings.ShrinkAfter is var old && old > _now && old < next) next = old;
        if (next == DateTimeOffset.MaxValue) return;
        _looks = true;
        Happens(next, new(Kind.Look, default, null));
    }

    private WaitFacts Facts(int place) => new()
    {
        Place = place, BeingProvisioned = _machines.Count(m => m.State == MachineState.Provisioning), BeingRefreshed = 0, Occupied = _machines.Count(m => m.State == MachineState.InUse),
        Machines = _machines.Count, Size = _settings.Maximum, TypicalStart = _settings.Start, StartsAtOnce = _settings.StartsAtOnce,
        StartAges = [.. _machines.Where(m => m.Starting).Select(m => _now - m.Since).OrderDescending()],
    };

    private void Become(Machine machine, MachineState state) => (machine.State, machine.Since) = (state, _now);

    private void Happens(DateTimeOffset at, Happening happening) => _happenings.Enqueue(happening, (at, _order++));

    private static SessionId Session(Machine machine) => new(machine.Id.Value);

    // Over all arrivals: whoever did not wait counts as zero.
    private TimeSpan Percentile95(List<ReplayedWait> waits)
    {
        var beyond = _arrivals - (int)Math.Ceiling(_arrivals * 0.95);
        return waits.Count <= beyond ? TimeSpan.Zero : waits.Select(w => w.Wait).OrderDescending().ElementAt(beyond);
    }
}
