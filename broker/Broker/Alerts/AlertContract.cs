using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Enum = System.Enum;
using Told = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>Rows as messages. Rules and severities have the same numbers in Domain and in the contract; a test holds them together.</summary>
internal static class AlertContract
{
    public static Told.AlertRule ToMessage(this Domain.AlertRule rule) => (Told.AlertRule)(int)rule;

    public static Told.AlertSeverity ToMessage(this Domain.AlertSeverity severity) => (Told.AlertSeverity)(int)severity;

    /// <summary>Null for one that this program does not know.</summary>
    public static Domain.AlertRule? ToDomain(this Told.AlertRule rule) => Enum.IsDefined((Domain.AlertRule)(int)rule) ? (Domain.AlertRule)(int)rule : null;

    public static Domain.AlertSeverity? ToDomain(this Told.AlertSeverity severity) => Enum.IsDefined((Domain.AlertSeverity)(int)severity) ? (Domain.AlertSeverity)(int)severity : null;

    public static Alert ToMessage(this AlertRow row) => new()
    {
        AlertId = row.AlertId.ToString(), Rule = Storage.SqlText.Parse<Domain.AlertRule>(row.Rule).ToMessage(), ObjectKind = row.ObjectKind, ObjectKey = row.ObjectKey, ObjectName = row.ObjectName,
        PoolId = row.PoolId?.ToString() ?? "", State = row.State == "resolved" ? AlertState.Resolved : AlertState.Open, Severity = Storage.SqlText.Parse<Domain.AlertSeverity>(row.Severity).ToMessage(),
        Value = row.Value, Threshold = row.Threshold ?? 0, Detail = row.Detail, BeganAt = row.BeganAt.ToTimestamp(), OpenedAt = row.OpenedAt.ToTimestamp(), ResolvedAt = row.ResolvedAt?.ToTimestamp(),
        AcknowledgedAt = row.AcknowledgedAt?.ToTimestamp(), AcknowledgedBy = row.AcknowledgedBy ?? "", SilencedUntil = row.SilencedUntil?.ToTimestamp(),
    };

    public static AlertRuleSetting Message(Domain.AlertRule rule, PoolId? pool, AlertSetting setting, bool changed) => new()
    {
        Rule = rule.ToMessage(), PoolId = pool?.Value.ToString() ?? "", Enabled = setting.Enabled, Threshold = setting.Threshold ?? 0, ForSeconds = (uint)setting.For.TotalSeconds,
        Severity = setting.Severity.ToMessage(), Unit = (Told.AlertUnit)(int)rule.Facts().Unit, PerPool = rule.Facts().PerPool, Changed = changed, RemindHours = (uint)setting.RemindEvery.TotalHours,
    };

    public static Told.AlertSilence ToMessage(this SilenceRow row) => new()
    {
        SilenceId = row.AlertSilenceId.ToString(), Rule = Storage.SqlText.Parse<Domain.AlertRule>(row.Rule).ToMessage(), ObjectKey = row.ObjectKey ?? "", Until = row.UntilAt.ToTimestamp(), Reason = row.Reason, SilencedBy = row.SilencedBy,
    };
}
