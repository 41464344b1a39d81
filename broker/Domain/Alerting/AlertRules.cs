using System.Collections.Frozen;

namespace Montalegre.Vdi.Domain;

/// <summary>All rules with what holds until somebody changes it, and what a reading of the installation means under them.</summary>
public static class AlertRules
{
    private static readonly FrozenDictionary<AlertRule, AlertRuleFacts> All = new Dictionary<AlertRule, AlertRuleFacts>
    {
        [AlertRule.HostLost] = From(AlertUnit.Seconds, 30, 0, AlertSeverity.Critical),
        [AlertRule.GatewayLost] = From(AlertUnit.Seconds, 60, 0, AlertSeverity.Critical),
        [AlertRule.NodeLost] = From(AlertUnit.Seconds, 60, 0, AlertSeverity.Critical),
        [AlertRule.PoolShort] = new(AlertUnit.Machines, true, true, new(true, 1, TimeSpan.FromMinutes(5), AlertSeverity.Warning)),
        [AlertRule.QueueLong] = From(AlertUnit.People, 10, 60, AlertSeverity.Warning, perPool: true),
        [AlertRule.QueueSlow] = From(AlertUnit.Seconds, 180, 0, AlertSeverity.Warning, perPool: true),
        [AlertRule.CreationFailing] = From(AlertUnit.Tries, 3, 0, AlertSeverity.Warning, perPool: true),
        [AlertRule.RolloutHalted] = From(AlertUnit.None, null, 0, AlertSeverity.Warning, perPool: true),
        [AlertRule.BackupFailed] = From(AlertUnit.None, null, 0, AlertSeverity.Critical),
        [AlertRule.BackupOld] = From(AlertUnit.Hours, 26, 0, AlertSeverity.Critical),
        [AlertRule.StorageFull] = From(AlertUnit.Percent, 90, 60, AlertSeverity.Critical),
        [AlertRule.CertificateEnds] = new(AlertUnit.Days, true, false, new(true, 21, TimeSpan.Zero, AlertSeverity.Warning)),
        [AlertRule.LogonSlow] = From(AlertUnit.Seconds, 60, 120, AlertSeverity.Warning, perPool: true),
        [AlertRule.AgentSilent] = From(AlertUnit.Seconds, 120, 0, AlertSeverity.Warning, perPool: true),
        [AlertRule.AuditBroken] = From(AlertUnit.None, null, 0, AlertSeverity.Critical),
        [AlertRule.AuditStands] = From(AlertUnit.Seconds, 60, 0, AlertSeverity.Critical),
        [AlertRule.DirectoryFails] = From(AlertUnit.None, null, 300, AlertSeverity.Critical),
        [AlertRule.ChannelFailing] = From(AlertUnit.Tries, 3, 0, AlertSeverity.Warning),
        [AlertRule.AuditExportStands] = From(AlertUnit.Seconds, 300, 0, AlertSeverity.Critical),
        [AlertRule.HostStorageFull] = From(AlertUnit.Percent, 85, 60, AlertSeverity.Warning),
    }.ToFrozenDictionary();

    public static AlertRuleFacts Facts(this AlertRule rule) => All[rule];

    /// <summary>What is wrong with a setting of a rule; null when it can be used.</summary>
    public static string? Problem(AlertRule rule, AlertSetting setting) => (rule.Facts().Unit, setting.Threshold) switch
    {
        (AlertUnit.None, not null) => "threshold: this rule has none",
        (not AlertUnit.None, null) => "threshold",
        (AlertUnit.Percent, < 1 or > 100) => "threshold: 1 to 100",
        (not AlertUnit.None, not (>= 1 and <= 1_000_000)) => "threshold: 1 to 1000000",
        _ when setting.For < TimeSpan.Zero || setting.For > TimeSpan.FromDays(1) => "for_seconds: 0 to 86400",
        _ => setting.RemindEvery < TimeSpan.Zero || setting.RemindEvery > TimeSpan.FromDays(30) ? "remind_hours: 0 to 720" : null,
    };

    private static AlertRuleFacts From(AlertUnit unit, double? threshold, int seconds, AlertSeverity severity, bool perPool = false) =>
        new(unit, false, perPool, new(true, threshold, TimeSpan.FromSeconds(seconds), severity));
}
