namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>Log messages of the console, ids 7001 to 7099.</summary>
internal static partial class ConsoleLog
{
    [LoggerMessage(7001, LogLevel.Information, "Console talks to the broker at {Broker}")]
    public static partial void ConsoleStarts(this ILogger log, string broker);

    [LoggerMessage(7002, LogLevel.Information, "Administrator {User} signed in from {Address}")]
    public static partial void SignedIn(this ILogger log, string user, string address);

    [LoggerMessage(7003, LogLevel.Warning, "Sign-in of {User} from {Address} was refused with {Reason}")]
    public static partial void SignInRefused(this ILogger log, string user, string address, string reason);

    [LoggerMessage(7004, LogLevel.Information, "Watch of {Kind} lost, trying again in {Delay}: {Status}")]
    public static partial void WatchLost(this ILogger log, string kind, TimeSpan delay, string status);

    [LoggerMessage(7005, LogLevel.Information, "Watch of {Kind} has a snapshot of {Count}")]
    public static partial void WatchStarted(this ILogger log, string kind, int count);

    [LoggerMessage(7006, LogLevel.Error, "Watch of {Kind} failed on our side, trying again in {Delay}")]
    public static partial void WatchFailed(this ILogger log, string kind, TimeSpan delay, Exception error);

    [LoggerMessage(7007, LogLevel.Warning, "Broker could not be told that a sign-in ended: {Status}")]
    public static partial void SignOutNotTold(this ILogger log, string status);

    [LoggerMessage(7008, LogLevel.Warning, "Broker did not say what the second step asks for: {Status}")]
    public static partial void StepNotSeen(this ILogger log, string status);

    [LoggerMessage(7030, LogLevel.Warning, "Broker could not say which providers people sign in with, so the page is shown without: {Status}")]
    public static partial void ProvidersNotKnown(this ILogger log, string status);

    [LoggerMessage(7009, LogLevel.Information, "{File} was renewed; browsers are shown the certificate with SHA-256 {Sha256} from now on, which is good until {NotAfter}")]
    public static partial void CertificateReplaced(this ILogger log, string file, string sha256, DateTime notAfter);

    [LoggerMessage(7010, LogLevel.Warning, "{File} changed and cannot be used: {Problem} Browsers are shown the certificate from before")]
    public static partial void CertificateNotReplaced(this ILogger log, string file, string problem);
}
