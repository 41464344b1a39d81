namespace Montalegre.Vdi.Broker.Administration;

internal static partial class AdministrationLog
{
    [LoggerMessage(1451, LogLevel.Information, "No administrator yet: the one-time set-up token is in {File}")]
    public static partial void SetUpWaits(this ILogger log, string file);

    [LoggerMessage(1452, LogLevel.Warning, "Set-up refused for {SourceAddress}: the token is wrong, used or expired")]
    public static partial void SetUpRefused(this ILogger log, string sourceAddress);

    [LoggerMessage(1453, LogLevel.Information, "Set-up done: {UserName} is the first administrator")]
    public static partial void SetUpDone(this ILogger log, string userName);

    [LoggerMessage(1454, LogLevel.Warning, "Emergency sign-in from {SourceAddress}: an administrator by a break-glass code")]
    public static partial void BreakGlassUsed(this ILogger log, string sourceAddress);

    [LoggerMessage(1455, LogLevel.Warning, "Emergency sign-in refused for {SourceAddress}: the code is wrong, used or expired")]
    public static partial void BreakGlassRefused(this ILogger log, string sourceAddress);
}
