namespace Montalegre.Vdi.Broker.Alerts;

internal static partial class AlertsLog
{
    [LoggerMessage(5001, LogLevel.Warning, "{Count} alerts opened; montalegre alerts list")]
    public static partial void Opened(this ILogger log, int count);

    [LoggerMessage(5002, LogLevel.Information, "{Count} alerts resolved")]
    public static partial void Resolved(this ILogger log, int count);

    [LoggerMessage(5003, LogLevel.Error, "It was not looked for alerts; trying again in {Pause}")]
    public static partial void PassFailed(this ILogger log, TimeSpan pause, Exception e);

    [LoggerMessage(5004, LogLevel.Warning, "This node could not say that it lives; trying again in {Pause}")]
    public static partial void BeatFailed(this ILogger log, TimeSpan pause, Exception e);
}
