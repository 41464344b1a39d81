namespace Montalegre.Vdi.Broker.OpenId;

internal static partial class OpenIdLog
{
    [LoggerMessage(4001, LogLevel.Warning, "Sign-in with {Provider} from {SourceAddress} failed: {Reason}: {Problem}")]
    public static partial void ProviderSignInFailed(this ILogger log, string provider, string sourceAddress, string reason, string problem);

    [LoggerMessage(4002, LogLevel.Information, "{Provider} ended a session there; {Ended} sign-ins ended here")]
    public static partial void ProviderEndedSession(this ILogger log, string provider, int ended);

    [LoggerMessage(4003, LogLevel.Warning, "A logout token was refused: {Problem}")]
    public static partial void LogoutTokenRefused(this ILogger log, string problem);

    [LoggerMessage(4004, LogLevel.Warning, "Nobody is signed out of {Provider}, which could not be asked where that is done: {Problem}")]
    public static partial void ProviderSignOutUnknown(this ILogger log, string provider, string problem);

    [LoggerMessage(4005, LogLevel.Warning, "Too many sign-ins with providers are under way; one from {SourceAddress} was refused")]
    public static partial void TooManyFlows(this ILogger log, string sourceAddress);
}
