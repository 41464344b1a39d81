namespace Montalegre.Vdi.Broker.Hosting;

internal static partial class HostingLog
{
    [LoggerMessage(1001, LogLevel.Information, "Start-up: {Step}")]
    public static partial void StartUpStep(this ILogger log, string step);

    [LoggerMessage(1004, LogLevel.Warning, "Start-up: {Step} had no answer from the database; again in {Delay}")]
    public static partial void StartUpStepAgain(this ILogger log, string step, TimeSpan delay, Exception e);

    [LoggerMessage(1002, LogLevel.Error, "Call {Method} failed, reference {Reference}")]
    public static partial void CallFailed(this ILogger log, string method, string reference, Exception e);

    [LoggerMessage(1003, LogLevel.Warning, "Call {Method} refused: {Reason}, database error {SqlState}")]
    public static partial void CallWithoutDatabase(this ILogger log, string method, string reason, string sqlState);
}
