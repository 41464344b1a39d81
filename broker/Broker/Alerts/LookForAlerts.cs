using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>One pass: reads how everything is, compares it with the rules, and makes the alerts say so.</summary>
internal sealed class LookForAlerts(AlertFacts facts, AlertRuleStore rules, ApplyAlerts apply, BackupStatus backups, CertificateAuthority authority, TimeProvider time, ILogger<LookForAlerts> log)
{
    private static readonly AlertRule[] All = Enum.GetValues<AlertRule>();

    public async Task<AlertsApplied> RunAsync(long epoch, CancellationToken ct)
    {
        var settings = new AlertSettings(await rules.ChangedAsync(ct));
        List<AlertReading> readings = [.. await facts.ReadAsync(ct), .. await BackupsAsync(ct), Authority()];
        var breaches = AlertPlan.Breaches(readings, settings);
        var applied = await apply.RunAsync(breaches, All, epoch);
        await apply.RemindAsync(breaches, epoch);
        if (applied.Opened > 0) log.Opened(applied.Opened);
        if (applied.Resolved > 0) log.Resolved(applied.Resolved);
        return applied;
    }

    private async Task<IEnumerable<AlertReading>> BackupsAsync(CancellationToken ct)
    {
        var state = await backups.AskAsync(ct);
        if (!state.Managed) return [];
        var old = state.Last is { } last ? (time.GetUtcNow() - last.At).TotalHours : 0;
        List<AlertReading> found = [new(AlertRule.BackupOld, "backup", "backup", "", null, old, "")];
        // An old backup has a rule of its own; everything else that is wrong with backups is a failure.
        if (state.Problem is { } problem && (state.Failure is not null || !problem.StartsWith(BackupStatus.OldBackup, StringComparison.Ordinal)))
            found.Add(new(AlertRule.BackupFailed, "backup", "backup", "", null, 1, state.Failure?.Reason ?? problem));
        return found;
    }

    private AlertReading Authority()
    {
        var certificate = authority.Certificate;
        return new(AlertRule.CertificateEnds, "authority", "authority", certificate.Subject, null, (certificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime).TotalDays, "");
    }
}
