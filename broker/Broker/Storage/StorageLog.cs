namespace Montalegre.Vdi.Broker.Storage;

internal static partial class StorageLog
{
    [LoggerMessage(1101, LogLevel.Information, "Migrated the schema to {Version} ({Name})")]
    public static partial void Migrated(this ILogger log, int version, string name);

    [LoggerMessage(1110, LogLevel.Information, "The private cluster in {Data} runs as process {ProcessId}")]
    public static partial void ClusterStarted(this ILogger log, int processId, string data);

    [LoggerMessage(1111, LogLevel.Information, "Took over the private cluster that was left running as process {ProcessId}")]
    public static partial void ClusterAdopted(this ILogger log, int processId);

    [LoggerMessage(1112, LogLevel.Warning, "The private cluster ended: {Reason}; next start in {Wait}")]
    public static partial void ClusterEnded(this ILogger log, string reason, TimeSpan? wait);

    [LoggerMessage(1113, LogLevel.Critical, "The private cluster failed too often and is not started again until the broker is restarted: {Reason}")]
    public static partial void ClusterGivenUp(this ILogger log, string reason);

    [LoggerMessage(1114, LogLevel.Information, "The private cluster has stopped")]
    public static partial void ClusterStopped(this ILogger log);

    [LoggerMessage(1115, LogLevel.Error, "Watching over the private cluster failed")]
    public static partial void SupervisionFailed(this ILogger log, Exception e);

    [LoggerMessage(1116, LogLevel.Information, "The private cluster is back after {Milliseconds:0} ms")]
    public static partial void ClusterBack(this ILogger log, double milliseconds);

    [LoggerMessage(1117, LogLevel.Warning, "Backends of the ended cluster still hold its shared memory; the next start may fail because of them")]
    public static partial void BackendsLeft(this ILogger log);

    [LoggerMessage(1120, LogLevel.Error, "Following the changes failed; watchers are told to read everything again")]
    public static partial void ChangePumpFailed(this ILogger log, Exception e);

    [LoggerMessage(1121, LogLevel.Information, "This node leads, epoch {Epoch}")]
    public static partial void Leading(this ILogger log, long epoch);

    [LoggerMessage(1122, LogLevel.Warning, "This node no longer leads; its epoch was {Epoch}")]
    public static partial void NotLeading(this ILogger log, long epoch);

    [LoggerMessage(1123, LogLevel.Warning, "The lease could not be renewed: {Problem}")]
    public static partial void LeaseNotRenewed(this ILogger log, string problem);

    [LoggerMessage(1124, LogLevel.Error, "Keeping the lease failed")]
    public static partial void LeaseFailed(this ILogger log, Exception e);
}
