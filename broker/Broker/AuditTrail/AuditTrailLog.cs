namespace Montalegre.Vdi.Broker.AuditTrail;

internal static partial class AuditTrailLog
{
    [LoggerMessage(1901, LogLevel.Error, "Audit entries could not be sealed and wait; tried again after {Pause}")]
    public static partial void SealFailed(this ILogger log, TimeSpan pause, Exception e);

    [LoggerMessage(1902, LogLevel.Critical, "The audit record was shortened: batch {Batch} was sealed by this node and is not there as it was. Nothing is sealed until the broker is restarted; verify an export that was kept elsewhere")]
    public static partial void Shortened(this ILogger log, long batch);

    [LoggerMessage(1903, LogLevel.Information, "Audit signing key {Number} made; the public key is shown by: montalegre audit keys")]
    public static partial void KeyMade(this ILogger log, int number);

    [LoggerMessage(1904, LogLevel.Warning, "Verification of the audit record found {Fault} in batch {Batch}, entry {Entry}")]
    public static partial void FaultFound(this ILogger log, string fault, long batch, long entry);

    [LoggerMessage(1905, LogLevel.Warning, "The audit record could not be sent to the syslog server {Server} and waits: {Problem}")]
    public static partial void SyslogFailed(this ILogger log, string server, string problem);

    [LoggerMessage(1906, LogLevel.Error, "Sending the audit record to the syslog server broke; tried again after {Pause}")]
    public static partial void SyslogBroke(this ILogger log, TimeSpan pause, Exception e);
}
