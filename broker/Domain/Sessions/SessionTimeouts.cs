namespace Montalegre.Vdi.Domain;

/// <summary>What a time-out asks for.</summary>
public enum TimeoutStep
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>Tell the person on screen that the connection will be closed.</summary>
    Warn,

    /// <summary>Close the connection; the session stays.</summary>
    Disconnect,

    /// <summary>End the session.</summary>
    LogOff,
}

/// <summary>A session as its time-outs see it. Ages by the database's clock.</summary>
/// <param name="InState">How long it has been in this state.</param>
/// <param name="Idle">How long nobody touched it; null when that is not known, and then it is not idle.</param>
/// <param name="SinceWarning">How long ago the person was last warned; null for never.</param>
public readonly record struct TimedSession(SessionState State, TimeSpan InState, TimeSpan? Idle = null, TimeSpan? SinceWarning = null);

/// <summary>Time-outs of a pool's sessions; null: never.</summary>
public sealed record SessionTimeouts(TimeSpan? Idle, TimeSpan? Disconnected)
{
    private static readonly TimeSpan LongestWarning = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LeastAfterLateWarning = TimeSpan.FromSeconds(30);

    /// <summary>How long before the end an idle person is warned: two minutes, or half of a shorter time-out.</summary>
    public static TimeSpan WarningBefore(TimeSpan idle) => idle / 2 < LongestWarning ? idle / 2 : LongestWarning;

    /// <summary>
    /// The step that is due. A warning counts only if nobody touched the session since; one that came late, because no
    /// broker ran, still leaves the person half a minute.
    /// </summary>
    public TimeoutStep Decide(TimedSession session)
    {
        if (session.State == SessionState.Disconnected) return session.InState >= Disconnected ? TimeoutStep.LogOff : TimeoutStep.None;
        if (session.State != SessionState.Active || session.Idle is not { } reported || Idle is not { } limit) return TimeoutStep.None;
        // Coming back is a touch, although the guest's own clock may still count from before.
        var idle = reported < session.InState ? reported : session.InState;
        if (idle < limit - WarningBefore(limit)) return TimeoutStep.None;
        if (session.SinceWarning is not { } warned || warned > idle) return TimeoutStep.Warn;
        return idle >= limit && warned >= LeastAfterLateWarning ? TimeoutStep.Disconnect : TimeoutStep.None;
    }
}
