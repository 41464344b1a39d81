namespace Montalegre.Vdi.Domain;

/// <summary>What IT is told of by itself. The same list as the public admin.v1.AlertRule, by name; a test keeps the two equal.</summary>
public enum AlertRule
{
    HostLost = 1, GatewayLost, NodeLost, PoolShort, QueueLong, QueueSlow, CreationFailing, RolloutHalted, BackupFailed, BackupOld,
    StorageFull, CertificateEnds, LogonSlow, AgentSilent, AuditBroken, AuditStands, DirectoryFails, ChannelFailing, AuditExportStands,
    HostStorageFull,
}

/// <summary>How much an alert matters.</summary>
public enum AlertSeverity { Info = 1, Warning, Critical }

/// <summary>What the threshold of a rule counts.</summary>
public enum AlertUnit { None, Seconds, Hours, Days, Percent, Machines, People, Tries }

/// <summary>When and how loudly a rule speaks.</summary>
/// <param name="Threshold">In the rule's unit; null for a rule that has none.</param>
/// <param name="For">How long it must be so before anybody is told.</param>
public sealed record AlertSetting(bool Enabled, double? Threshold, TimeSpan For, AlertSeverity Severity)
{
    /// <summary>How often an alert that nobody looks after is told again, in whole hours; zero: never.</summary>
    public TimeSpan RemindEvery { get; init; }
}

/// <summary>What a rule is, whatever is set.</summary>
/// <param name="Below">It speaks below the threshold; else from the threshold on.</param>
/// <param name="PerPool">A pool may have another setting.</param>
public sealed record AlertRuleFacts(AlertUnit Unit, bool Below, bool PerPool, AlertSetting Usual);
