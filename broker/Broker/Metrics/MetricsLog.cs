namespace Montalegre.Vdi.Broker.Metrics;

internal static partial class MetricsLog
{
    [LoggerMessage(4801, LogLevel.Warning, "Machines and sessions were not counted for metrics; trying again in {Wait}")]
    public static partial void FleetNotCounted(this ILogger log, TimeSpan wait, Exception exception);
}
