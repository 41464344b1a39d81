namespace Montalegre.Vdi.Broker.Machines;

internal static partial class MachinesLog
{
    [LoggerMessage(1301, LogLevel.Warning, "Launches that wait could not be told of free machines, tried again in {Delay}")]
    public static partial void NobodyWoken(this ILogger log, TimeSpan delay, Exception e);
}
