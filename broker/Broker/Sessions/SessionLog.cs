using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Log messages of sessions: 4200 to 4299.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(4201, LogLevel.Information, "Session {Session} on machine {Machine} ended, {Reason}; the machine is now {State}")]
    public static partial void SessionEnded(this ILogger log, SessionId session, Guid machine, SessionEnd reason, string state);

    [LoggerMessage(4202, LogLevel.Information, "Session {Session} on machine {Machine} is {State}, was {Was}")]
    public static partial void SessionSeen(this ILogger log, SessionId session, MachineId machine, string state, string was);

    [LoggerMessage(4203, LogLevel.Warning, "Machine {Machine} has a session that came around the broker; it is not offered meanwhile")]
    public static partial void RogueSession(this ILogger log, MachineId machine);

    [LoggerMessage(4204, LogLevel.Error, "Sweeping sessions failed, tried again in {Interval}")]
    public static partial void SweepFailed(this ILogger log, TimeSpan interval, Exception error);

    [LoggerMessage(4205, LogLevel.Error, "Writing idle times failed, tried again in {Interval}")]
    public static partial void IdleWriteFailed(this ILogger log, TimeSpan interval, Exception error);

    [LoggerMessage(4207, LogLevel.Information, "Session {Session} reached a time-out: {Step}")]
    public static partial void SessionTimedOut(this ILogger log, Guid session, TimeoutStep step);

    [LoggerMessage(4208, LogLevel.Error, "Looking for time-outs failed, tried again in {Interval}")]
    public static partial void TimeoutsFailed(this ILogger log, TimeSpan interval, Exception error);

    [LoggerMessage(4209, LogLevel.Error, "Showing messages of the day failed, tried again in {Interval}")]
    public static partial void GreetingFailed(this ILogger log, TimeSpan interval, Exception error);

    [LoggerMessage(4210, LogLevel.Warning, "Session {Session} could not be locked ({Outcome}); disconnected instead: {Disconnected}")]
    public static partial void LockFailed(this ILogger log, SessionId session, Agents.CommandOutcome outcome, bool disconnected);

    [LoggerMessage(4211, LogLevel.Warning, "The locker of session {Session} on machine {Machine} ended by itself; the agent has disconnected it")]
    public static partial void LockLost(this ILogger log, SessionId session, MachineId machine);

    [LoggerMessage(4212, LogLevel.Error, "Looking after locked sessions failed, tried again in {Interval}")]
    public static partial void LocksFailed(this ILogger log, TimeSpan interval, Exception error);

    [LoggerMessage(4213, LogLevel.Warning, "Session {Session} takes no further program: {Problem}")]
    public static partial void ProgramRefused(this ILogger log, SessionId session, string problem);

    [LoggerMessage(4214, LogLevel.Error, "Starting further programs of sessions failed, tried again in {Interval}")]
    public static partial void ProgramsFailed(this ILogger log, TimeSpan interval, Exception error);

    [LoggerMessage(4206, LogLevel.Information, "Session {Session}: {Action} asked by {Actor}, {Outcome}")]
    public static partial void SessionActionAsked(this ILogger log, SessionId session, string action, string actor, string outcome);
}
