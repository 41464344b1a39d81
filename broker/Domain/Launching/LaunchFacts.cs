namespace Montalegre.Vdi.Domain;

/// <summary>
/// What one brokering statement saw and did: the one snapshot on which a launch is decided.
/// The statement reserves only what <see cref="LaunchPolicy"/> would answer with Start.
/// </summary>
public sealed record LaunchFacts
{
    /// <summary>False when there is no such pool, or it is being deleted.</summary>
    public required bool PoolExists { get; init; }

    /// <summary>False when IT disabled the pool for new sessions.</summary>
    public required bool PoolEnabled { get; init; }

    /// <summary>True when the pool's schedule lets nobody begin a session at this hour.</summary>
    public bool PoolClosed { get; init; }

    /// <summary>True when the user may use the pool.</summary>
    public required bool Entitled { get; init; }

    /// <summary>True when an application was asked for that is not published any more, or not for this user.</summary>
    public bool ApplicationUnknown { get; init; }

    /// <summary>True when the own open session runs what the wish cannot be opened beside: one is the desktop, or the machine takes no second application.</summary>
    public bool OtherProgramOpen { get; init; }

    /// <summary>True when the own open session was locked after the sign-in that asks: his card was taken out, and this may be anybody.</summary>
    public bool SessionLocked { get; init; }

    /// <summary>The user's own open session in this pool, if there was one before the statement.</summary>
    public SessionId? OwnSession { get; init; }

    /// <summary>State of the machine of the own open session.</summary>
    public MachineState? OwnMachineState { get; init; }

    /// <summary>The machine that holds, or from now on holds, the session.</summary>
    public MachineId? Machine { get; init; }

    /// <summary>The session that the statement opened; null when it opened none.</summary>
    public SessionId? OpenedSession { get; init; }

    /// <summary>True when the machine was bound to the user before.</summary>
    public bool OwnMachine { get; init; }

    /// <summary>By what a shared machine was chosen; null where machines are not shared.</summary>
    public SeatDistribution? SharedBy { get; init; }

    /// <summary>True when the user's own computer, or the one that holds the own session, is silent and a packet may wake it.</summary>
    public bool OwnComputerSleeps { get; init; }

    /// <summary>True when that was tried since the user asked, in vain.</summary>
    public bool OwnComputerDidNotWake { get; init; }

    /// <summary>True when the request id belongs to a session that has ended since.</summary>
    public bool RequestAlreadyEnded { get; init; }

    /// <summary>True when the user has as many sessions open, over all pools, as he may.</summary>
    public bool UserQuotaReached { get; init; }

    /// <summary>True when a group of the user has as many sessions open, over all pools and members, as it may.</summary>
    public bool GroupQuotaReached { get; init; }

    /// <summary>True when the person gave the place in the queue back that this request had.</summary>
    public bool LeftQueue { get; init; }
}

/// <summary>Why nothing is free right now; read only when somebody has to wait.</summary>
public sealed record WaitFacts
{
    /// <summary>1 for the next person.</summary>
    public required int Place { get; init; }

    /// <summary>Machines of the pool that are being prepared for the first time.</summary>
    public required int BeingProvisioned { get; init; }

    /// <summary>Machines of the pool that are being refreshed after use.</summary>
    public required int BeingRefreshed { get; init; }

    /// <summary>How long the user's own computer, or the one that holds the own session, is being woken; null when it is not asleep.</summary>
    public TimeSpan? OwnWake { get; init; }

    /// <summary>Computers of the pool that are being woken.</summary>
    public int BeingWoken { get; init; }

    /// <summary>True when computers of the pool that anybody may use were tried to be woken lately, in vain.</summary>
    public bool SomeDidNotWake { get; init; }

    /// <summary>Machines of the pool with somebody on them.</summary>
    public required int Occupied { get; init; }

    /// <summary>All machines of the pool that are not being deleted.</summary>
    public required int Machines { get; init; }

    /// <summary>How many machines the pool wants.</summary>
    public required int Size { get; init; }

    /// <summary>People whom each machine serves at once.</summary>
    public int Seats { get; init; } = 1;

    /// <summary>Median of recent start times of this pool; null when none is known yet.</summary>
    public TimeSpan? TypicalStart { get; init; }

    /// <summary>Ages of the starts now under way, oldest first; those of people ahead in the queue included.</summary>
    public IReadOnlyList<TimeSpan> StartAges { get; init; } = [];

    /// <summary>Machines that the pool's hosts start at once together.</summary>
    public int StartsAtOnce { get; init; } = 1;

    /// <summary>How long the pool still makes no new machine after failures in a row; null when it does.</summary>
    public TimeSpan? HeldFor { get; init; }

    /// <summary>True when the person gave the place back meanwhile.</summary>
    public bool LeftQueue { get; init; }

    /// <summary>True when the pool has as many sessions open as it may, whatever machines are free.</summary>
    public bool QuotaReached { get; init; }

    /// <summary>Reason of the newest failed step among the pool's open operations, if any.</summary>
    public RefusalReason? Trouble { get; init; }
}
