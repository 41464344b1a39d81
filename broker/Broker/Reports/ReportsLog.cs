namespace Montalegre.Vdi.Broker.Reports;

internal static partial class ReportsLog
{
    [LoggerMessage(5501, LogLevel.Error, "The energy of hosts could not be counted; the next count is in {Interval} and makes up for it")]
    public static partial void EnergyNotCounted(this ILogger log, TimeSpan interval, Exception failure);
}
