namespace Montalegre.Vdi.Broker.Identity;

internal static partial class IdentityLog
{
    [LoggerMessage(1401, LogLevel.Warning, "Sign-in from {SourceAddress} is slowed down for {Wait} after wrong passwords")]
    public static partial void SignInSlowed(this ILogger log, string sourceAddress, TimeSpan wait);

    [LoggerMessage(1402, LogLevel.Warning, "Sign-in refused: all hashing threads are busy and the queue is full")]
    public static partial void SignInQueueFull(this ILogger log);

    [LoggerMessage(1403, LogLevel.Warning, "Second step of a sign-in from {SourceAddress} is slowed down for {Wait} after wrong codes")]
    public static partial void SecondStepSlowed(this ILogger log, string sourceAddress, TimeSpan wait);

    [LoggerMessage(1404, LogLevel.Information, "Passkey refused: {Why}")]
    public static partial void PasskeyRefused(this ILogger log, string why);
}
