using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>How a launch ended, or that it has not yet.</summary>
internal enum LaunchOutcome
{
    Waiting,
    Started,
    Resumed,
    Refused,

    /// <summary>The call ended before the machine came: the page was closed, or the line broke.</summary>
    GivenUp,

    /// <summary>The broker that waited with the person stopped meanwhile.</summary>
    Lost,
}

/// <summary>What somebody who waits was told at one moment, and of what the estimate was made. Times in seconds.</summary>
internal sealed record TracedWait
{
    public required DateTimeOffset At { get; init; }
    public required string Reason { get; init; }
    public required int Place { get; init; }
    public double? Estimate { get; init; }
    public double? TypicalStart { get; init; }
    public IReadOnlyList<double> StartAges { get; init; } = [];
    public int StartsAtOnce { get; init; }
    public double? HeldFor { get; init; }
    public int Machines { get; init; }
    public int Size { get; init; }
    public int Occupied { get; init; }
}

/// <summary>One launch as it is written.</summary>
internal sealed record TracedLaunch
{
    public required Guid LaunchTraceId { get; init; }
    public required DateTimeOffset AskedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public required Guid RequestId { get; init; }
    public required Guid UserId { get; init; }
    public required Guid PoolId { get; init; }
    public required string ClientAddress { get; init; }
    public required string Outcome { get; init; }
    public required string Rule { get; init; }
    public string? Reason { get; init; }
    public Guid? SessionId { get; init; }
    public Guid? MachineId { get; init; }
    public int Attempts { get; init; }
    public double DecidingMs { get; init; }
    public IReadOnlyList<TracedWait> Waits { get; init; } = [];
}

/// <summary>Gathers what one launch went through. Nothing here asks or writes anything: the person waits for none of it.</summary>
internal sealed class LaunchTrace(LaunchOrder order, LaunchTraces kept, TimeProvider time)
{
    private const int MostWaits = 20;      // the first, and the newest ones
    private const int MostStartAges = 20;

    private readonly DateTimeOffset _askedAt = time.GetUtcNow();
    private readonly List<TracedWait> _waits = [];
    private Guid? _id;
    private int _attempts;
    private TimeSpan _deciding;
    private bool _ended;
    private bool _failed;

    /// <summary>Asks the database, and notices how long that took and whether it failed.</summary>
    public async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        var since = time.GetTimestamp();
        _attempts++;
        _failed = true;
        var answer = await ask();
        _failed = false;
        var took = time.GetElapsedTime(since);
        _deciding += took;
        LaunchMetrics.Decided(took);
        return answer;
    }

    /// <summary>The person was told something new. The first time is written at once: whoever waits can be asked about.</summary>
    public void Waits(WaitFacts facts, WaitNotice notice)
    {
        if (_waits.Count == MostWaits) _waits.RemoveAt(1);
        _waits.Add(new()
        {
            At = time.GetUtcNow(), Reason = notice.Reason.ToString(), Place = notice.Place, Estimate = notice.Estimate?.TotalSeconds, TypicalStart = facts.TypicalStart?.TotalSeconds,
            StartAges = [.. facts.StartAges.Take(MostStartAges).Select(a => a.TotalSeconds)], StartsAtOnce = facts.StartsAtOnce, HeldFor = facts.HeldFor?.TotalSeconds,
            Machines = facts.Machines, Size = facts.Size, Occupied = facts.Occupied,
        });
        if (_waits.Count == 1) Keep(LaunchOutcome.Waiting, LaunchRule.Queue, notice.Reason, null, null);
    }

    public void Granted(Placement placement, LaunchFacts facts)
    {
        var (outcome, session, machine) = placement switch
        {
            Placement.Start start => (LaunchOutcome.Started, start.Session, start.Machine),
            Placement.Reconnect again => (LaunchOutcome.Resumed, again.Session, again.Machine),
            _ => throw new ArgumentOutOfRangeException(nameof(placement), placement, "grants nothing"),
        };
        _ended = true;
        Keep(outcome, LaunchPolicy.RuleOf(placement, facts), null, session, machine);
    }

    public void Refused(RefusalReason reason, LaunchFacts? facts = null)
    {
        _ended = true;
        // A session that is kept on a silent machine: the trace says which.
        Keep(LaunchOutcome.Refused, LaunchRule.Refusal, reason, facts?.OwnSession, facts?.OwnSession is null ? null : facts.Machine);
    }

    /// <summary>The call is over; if nothing was decided, whoever asked went away.</summary>
    public void Over()
    {
        if (_ended) return;
        if (_failed) Keep(LaunchOutcome.Refused, LaunchRule.Refusal, RefusalReason.DatabaseUnavailable, null, null);
        else Keep(LaunchOutcome.GivenUp, LaunchRule.Queue, null, null, null);
    }

    private void Keep(LaunchOutcome outcome, LaunchRule rule, RefusalReason? reason, SessionId? session, MachineId? machine)
    {
        var now = time.GetUtcNow();
        if (outcome != LaunchOutcome.Waiting) LaunchMetrics.End(SqlText.Of(outcome), reason?.ToString(), now - _askedAt);
        kept.Keep(new()
        {
            LaunchTraceId = _id ??= Guid.CreateVersion7(_askedAt), AskedAt = _askedAt, EndedAt = outcome == LaunchOutcome.Waiting ? null : now,
            RequestId = order.Request.Value, UserId = order.User.Value, PoolId = order.Pool.Value, ClientAddress = order.ClientAddress ?? "",
            Outcome = SqlText.Of(outcome), Rule = SqlText.Of(rule), Reason = reason?.ToString(), SessionId = session?.Value, MachineId = machine?.Value,
            Attempts = _attempts, DecidingMs = _deciding.TotalMilliseconds, Waits = [.. _waits],
        });
    }
}
