using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Launch;

internal static partial class LaunchLog
{
    [LoggerMessage(2001, LogLevel.Information, "User {User} starts session {Session} on machine {Machine}")]
    public static partial void SessionOpened(this ILogger log, UserId user, SessionId session, MachineId machine);

    [LoggerMessage(2002, LogLevel.Information, "User {User} reconnects to session {Session} on machine {Machine}")]
    public static partial void SessionRejoined(this ILogger log, UserId user, SessionId session, MachineId machine);

    [LoggerMessage(2003, LogLevel.Information, "User {User} waits for pool {Pool} at place {Place}: {Reason}")]
    public static partial void Waiting(this ILogger log, UserId user, PoolId pool, int place, RefusalReason reason);

    [LoggerMessage(2004, LogLevel.Information, "Launch of pool {Pool} by user {User} is refused: {Reason}")]
    public static partial void Refused(this ILogger log, UserId user, PoolId pool, RefusalReason reason);

    [LoggerMessage(2005, LogLevel.Warning, "The database does not take {Count} traces of launches now; they wait")]
    public static partial void TracesWait(this ILogger log, int count, Exception e);

    [LoggerMessage(2006, LogLevel.Error, "{Count} traces of launches are not kept")]
    public static partial void TracesNotWritten(this ILogger log, int count, Exception e);

    [LoggerMessage(2007, LogLevel.Warning, "{Count} more traces of launches were dropped, {All} since this broker started")]
    public static partial void TracesDropped(this ILogger log, long count, long all);

    [LoggerMessage(2008, LogLevel.Warning, "Old traces of launches were not swept; again in {Again}")]
    public static partial void TraceSweepFailed(this ILogger log, TimeSpan again, Exception e);
}
