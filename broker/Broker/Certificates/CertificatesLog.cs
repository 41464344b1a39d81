namespace Montalegre.Vdi.Broker.Certificates;

internal static partial class CertificatesLog
{
    [LoggerMessage(1201, LogLevel.Information, "This installation has the certificate authority {Authority}")]
    public static partial void AuthorityMade(this ILogger log, Guid authority);

    [LoggerMessage(1202, LogLevel.Information, "Issued certificate {SerialNumber} to {Kind} {Subject}")]
    public static partial void CertificateIssued(this ILogger log, PeerKind kind, Guid subject, string serialNumber);

    [LoggerMessage(1203, LogLevel.Warning, "Refused {Kind} {Subject}: its certificate {SerialNumber} has been revoked, has expired or is not ours")]
    public static partial void PeerRefused(this ILogger log, PeerKind kind, Guid subject, string serialNumber);

    [LoggerMessage(1204, LogLevel.Error, "Key-encryption keys changed and are not read again, those from before are used: {Problem}")]
    public static partial void KeysNotRead(this ILogger log, string problem);
}
