namespace Montalegre.Vdi.Domain;

/// <summary>One recorded session: who asked for it, when, and for how long it lasted.</summary>
/// <param name="Person">User name.</param>
/// <param name="AskedAt">When the machine was asked for, not when it came.</param>
/// <param name="Stay">Null: it has not ended.</param>
public readonly record struct RecordedStay(string Person, DateTimeOffset AskedAt, TimeSpan? Stay);

/// <summary>What a pool would have been, and how fast its machines come.</summary>
/// <param name="Maximum">As <see cref="PoolTarget"/>; of a manual pool, the computers that it has.</param>
/// <param name="Spare">As <see cref="PoolTarget"/>; without meaning for a manual pool.</param>
/// <param name="ShrinkAfter">As <see cref="PoolTarget"/>.</param>
/// <param name="Start">How long a start takes, and a return to the image.</param>
/// <param name="StartsAtOnce">That the pool's hosts make together; at least 1.</param>
public sealed record ReplaySettings(int Maximum, Spare Spare, TimeSpan ShrinkAfter, TimeSpan Start, int StartsAtOnce)
{
    /// <summary>What its machines are to people.</summary>
    public PoolKind Kind { get; init; } = PoolKind.Floating;

    /// <summary>People whom each machine serves at once; null where a machine is one person's.</summary>
    public int? Seats { get; init; }

    /// <summary>Which shared machine the next person gets.</summary>
    public SeatDistribution Distribution { get; init; }

    /// <summary>What becomes of a machine that the last person has left.</summary>
    public LogOffAction AfterLogOff { get; init; } = LogOffAction.Refresh;

    /// <summary>How old a shared machine must be for that; zero: as it is.</summary>
    public TimeSpan RenewAfter { get; init; }

    /// <summary>People who have a machine of their own from the beginning.</summary>
    public IReadOnlyList<string> Owners { get; init; } = [];
}

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
