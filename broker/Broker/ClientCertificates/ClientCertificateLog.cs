namespace Montalegre.Vdi.Broker.ClientCertificates;

internal static partial class ClientCertificateLog
{
    [LoggerMessage(4021, LogLevel.Warning, "A certificate from {SourceAddress} signed nobody in: {Reason}; authority {Authority}")]
    public static partial void CertificateRefused(this ILogger log, string sourceAddress, string reason, string authority);

    [LoggerMessage(4022, LogLevel.Warning, "Whether a certificate of {Authority} was revoked could not be found out, so it signed nobody in; see that its revocation lists are there and count, or that its servers can be reached")]
    public static partial void RevocationUnknown(this ILogger log, string authority);

    [LoggerMessage(4023, LogLevel.Warning, "The revocation list {File} cannot be used: {Problem}")]
    public static partial void RevocationListUnreadable(this ILogger log, string file, string problem);

    [LoggerMessage(4024, LogLevel.Warning, "Too many sign-ins with certificates are under way; one from {SourceAddress} was refused")]
    public static partial void TooManyCertificateFlows(this ILogger log, string sourceAddress);

    [LoggerMessage(4025, LogLevel.Information, "Sign-ins with certificates from the network of {SourceAddress} are slowed down by {Wait}")]
    public static partial void CertificatesSlowed(this ILogger log, string sourceAddress, TimeSpan wait);
}
