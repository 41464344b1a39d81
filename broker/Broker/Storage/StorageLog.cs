namespace Montalegre.Vdi.Broker.Storage;

internal static partial class StorageLog
{
    [LoggerMessage(1101, LogLevel.Information, "Migrated the schema to {Version} ({Name})")]
    public static partial void Migrated(this ILogger log, int version, string name);

    [LoggerMessage(1102, LogLevel.Warning, "The database does not answer yet; trying again in {Delay}")]
    public static partial void DatabaseNotReachable(this ILogger log, TimeSpan delay, Exception e);
}
