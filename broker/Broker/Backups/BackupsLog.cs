namespace Montalegre.Vdi.Broker.Backups;

internal static partial class BackupsLog
{
    [LoggerMessage(1801, LogLevel.Information, "Backup {Name} is made, {Bytes} bytes")]
    public static partial void BackupMade(this ILogger log, string name, long bytes);

    [LoggerMessage(1802, LogLevel.Error, "The backup failed: {Reason}")]
    public static partial void BackupFailed(this ILogger log, string reason);

    [LoggerMessage(1803, LogLevel.Error, "Keeping the backup schedule failed")]
    public static partial void ScheduleFailed(this ILogger log, Exception e);
}
