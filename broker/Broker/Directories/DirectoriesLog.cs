namespace Montalegre.Vdi.Broker.Directories;

internal static partial class DirectoriesLog
{
    [LoggerMessage(3801, LogLevel.Warning, "Directory {Directory} could not check a sign-in: {Server}: {Step}: {Problem}")]
    public static partial void DirectoryUnreachable(this ILogger log, string directory, string server, DirectoryStep step, string problem);

    [LoggerMessage(3802, LogLevel.Warning, "Directory {Directory} was not read, so nothing changes: {Problem}")]
    public static partial void DirectoryNotRead(this ILogger log, string directory, string problem);

    [LoggerMessage(3803, LogLevel.Information, "Directory {Directory} was read: {Disabled} people disabled, {Enabled} enabled, {Renamed} renamed, {Added} memberships more, {Removed} less")]
    public static partial void DirectoryRead(this ILogger log, string directory, int disabled, int enabled, int renamed, int added, int removed);

    [LoggerMessage(3804, LogLevel.Error, "Looking for directories to read failed; the next look is in {Interval}")]
    public static partial void DirectorySweepFailed(this ILogger log, TimeSpan interval, Exception problem);

    [LoggerMessage(3805, LogLevel.Warning, "Sign-in refused: all threads for directories are busy and the queue is full")]
    public static partial void DirectoryThreadsBusy(this ILogger log);

    [LoggerMessage(3806, LogLevel.Warning, "{Name} of directory {Directory} cannot get an account in desktops: the name is taken or not a name for an account")]
    public static partial void NameNotUsable(this ILogger log, string name, string directory);
}
