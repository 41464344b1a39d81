using System.Collections.Frozen;
using System.Linq.Expressions;
using System.Reflection;
using Montalegre.Vdi.Broker.Alerts;
using Montalegre.Vdi.Broker.Assistance;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.ClientCertificates;
using Montalegre.Vdi.Broker.Directories;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.Passkeys;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.OpenId;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Reports;
using Montalegre.Vdi.Broker.Rollouts;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Montalegre.Vdi.Contracts.Admin.V1.SettingSection;
using static Montalegre.Vdi.Contracts.Admin.V1.SettingUnit;

namespace Montalegre.Vdi.Broker.Settings;

/// <summary>
/// The one list of what the console may set. INVARIANT: whoever uses one of these reads it from the options each time it is needed, so that
/// a change takes effect without a restart; periods of timers and sizes of thread pools are not here. Nor is what the commands
/// <c>db ...</c> use: they run beside the broker and know only files. Secrets stay in files and in the dialogs of what they belong to.
/// </summary>
internal static class SettingList
{
    private const SettingUnit None = SettingUnit.Unspecified;

    public static IReadOnlyList<KnownSetting> All { get; } = WithUpperBounds(
    [
        Whole<IdentityOptions>(SignIn, o => o.FreeAttemptsPerAccount, None, 1, 100),
        Whole<IdentityOptions>(SignIn, o => o.FreeAttemptsPerSource, None, 1, 10_000),
        Span<IdentityOptions>(SignIn, o => o.EmployeeLifetime, Hours, 0.25, 720),
        Span<IdentityOptions>(SignIn, o => o.AdministratorLifetime, Hours, 0.25, 168),
        Span<DirectoriesOptions>(SignIn, o => o.Patience, Seconds, 1, 60),
        Span<DirectoriesOptions>(SignIn, o => o.SyncPatience, Minutes, 1, 120),
        Span<OpenIdOptions>(SignIn, o => o.Patience, Seconds, 1, 60),
        Span<OpenIdOptions>(SignIn, o => o.FlowLifetime, Minutes, 1, 60),
        Span<ClientCertificateOptions>(SignIn, o => o.Patience, Seconds, 1, 60),
        Span<ClientCertificateOptions>(SignIn, o => o.FlowLifetime, Minutes, 1, 60),

        Span<LaunchOptions>(SettingSection.Launch, o => o.TicketLifetime, Seconds, 5, 60),
        Span<LaunchOptions>(SettingSection.Launch, o => o.FileTicketLifetime, Seconds, 5, 300) with { AtLeast = "Launch:TicketLifetime" },
        Span<LaunchOptions>(SettingSection.Launch, o => o.LongestWait, Minutes, 1, 240),
        Span<LaunchOptions>(SettingSection.Launch, o => o.KeepTraces, Days, 1, 3650),
        Whole<GatewayOptions>(SettingSection.Launch, o => o.WrongTicketsPerMinute, None, 10, 100_000),

        Span<GatewayOptions>(SettingSection.Sessions, o => o.ReuseTicketWithin, Seconds, 0, 600),
        Span<Sessions.SessionOptions>(SettingSection.Sessions, o => o.CommandWithin, Seconds, 1, 60),

        Span<AssistanceOptions>(SettingSection.Assistance, o => o.AnswerWithin, Seconds, 5, 600),
        Span<AssistanceOptions>(SettingSection.Assistance, o => o.OpenWithin, Seconds, 5, 600),

        Whole<ProvisioningOptions>(SettingSection.Provisioning, o => o.ParallelPerHost, None, 1, 256),
        Whole<ProvisioningOptions>(SettingSection.Provisioning, o => o.MostParallelPerHost, None, 1, 256),
        Span<ProvisioningOptions>(SettingSection.Provisioning, o => o.ShrinkAfter, Minutes, 0, 1440),
        Span<ProvisioningOptions>(SettingSection.Provisioning, o => o.JoinTokenLifetime, Minutes, 1, 240),
        Text<ProvisioningOptions>(SettingSection.Provisioning, o => o.EnrolmentUrl),
        Text<ProvisioningOptions>(SettingSection.Provisioning, o => o.ChannelUrl),

        Whole<ImagesOptions>(SettingSection.Images, o => o.OpenUploads, None, 1, 100),
        Span<ImagesOptions>(SettingSection.Images, o => o.KeepHalfUploads, Hours, 1, 720),
        Whole<ImagesOptions>(SettingSection.Images, o => o.ReserveMib, Mib, 0, 10_000_000),
        Span<ImagesOptions>(SettingSection.Images, o => o.CheckEvery, Days, 0.05, 365),
        Whole<ImagesOptions>(SettingSection.Images, o => o.CheckMibPerSecond, MibPerSecond, 1, 10_000),
        Span<RolloutOptions>(SettingSection.Images, o => o.ProbeWithin, Seconds, 10, 3600),
        Span<RolloutOptions>(SettingSection.Images, o => o.AgentTellsWithin, Seconds, 1, 3600),

        Span<WakeOptions>(Wake, o => o.Again, Seconds, 1, 60),
        Span<WakeOptions>(Wake, o => o.GiveUpAfter, Minutes, 0.5, 60) with { AtLeast = "Wake:Again" },

        Text<AlertsOptions>(SettingSection.Alerts, o => o.ConsoleAddress),
        Span<AlertsOptions>(SettingSection.Alerts, o => o.Quiet, Seconds, 0, 3600),
        Span<AlertsOptions>(SettingSection.Alerts, o => o.LongestWait, Seconds, 0, 3600) with { AtLeast = "Alerts:Quiet" },
        Span<AlertsOptions>(SettingSection.Alerts, o => o.Patience, Seconds, 1, 120),
        Span<AlertsOptions>(SettingSection.Alerts, o => o.GiveUpAfter, Hours, 1, 720),
        Whole<AlertsOptions>(SettingSection.Alerts, o => o.KeepDays, Days, 1, 3650),

        Text<AuditSyslogOptions>(AuditExport, o => o.Server),
        Span<AuditSyslogOptions>(AuditExport, o => o.Patience, Seconds, 1, 120),

        Number<EnergyOptions>(Energy, o => o.HostIdleWatts, Watts, 0, 100_000),
        Number<EnergyOptions>(Energy, o => o.HostFullWatts, Watts, 0, 100_000) with { AtLeast = "Energy:HostIdleWatts" },
        Number<EnergyOptions>(Energy, o => o.UsedShare, Percent, 0, 100),
        Number<EnergyOptions>(Energy, o => o.IdleShare, Percent, 0, 100),

        Text<PasskeyOptions>(Files, o => o.Host) with { OnlyInFiles = true },
        Text<ClientCertificateOptions>(Files, o => o.RevocationDirectory) with { OnlyInFiles = true },
        Text<AuditSyslogOptions>(Files, o => o.AuthorityFile) with { OnlyInFiles = true },
        Text<BackupOptions>(Files, o => o.At) with { OnlyInFiles = true },
        Whole<BackupOptions>(Files, o => o.KeepDays, Days, 1, 3650) with { OnlyInFiles = true },
        Text<HostingOptions>(Files, o => o.ApiListen) with { OnlyInFiles = true },
        Text<HostingOptions>(Files, o => o.ChannelListen) with { OnlyInFiles = true },
        Text<HostingOptions>(Files, o => o.StateDirectory) with { OnlyInFiles = true },
    ]);

    private static readonly FrozenDictionary<string, KnownSetting> ByKey = All.ToFrozenDictionary(s => s.Key, StringComparer.OrdinalIgnoreCase);

    /// <summary>Null: there is no such setting. Files do not mind capitals, nor do we.</summary>
    public static KnownSetting? Find(string key) => ByKey.GetValueOrDefault(key);

    private static KnownSetting Span<T>(SettingSection section, Expression<Func<T, TimeSpan>> of, SettingUnit unit, double lowest, double highest) where T : IOptionsWithProblems, new() =>
        Known<T>(section, of, unit) with { Lowest = lowest, Highest = highest };

    private static KnownSetting Whole<T>(SettingSection section, Expression<Func<T, int>> of, SettingUnit unit, int lowest, int highest) where T : IOptionsWithProblems, new() =>
        Known<T>(section, of, unit) with { Lowest = lowest, Highest = highest };

    private static KnownSetting Number<T>(SettingSection section, Expression<Func<T, double>> of, SettingUnit unit, double lowest, double highest) where T : IOptionsWithProblems, new() =>
        Known<T>(section, of, unit) with { Lowest = lowest, Highest = highest };

    private static KnownSetting Text<T>(SettingSection section, Expression<Func<T, string>> of) where T : IOptionsWithProblems, new() => Known<T>(section, of, None);

    private static KnownSetting Known<T>(SettingSection section, LambdaExpression of, SettingUnit unit) where T : IOptionsWithProblems, new()
    {
        var property = (PropertyInfo)((MemberExpression)of.Body).Member;
        return new($"{T.SectionName}:{property.Name}", section, unit, options => property.GetValue(options)!, property.GetValue(new T())!);
    }

    private static KnownSetting[] WithUpperBounds(KnownSetting[] all) => [.. all.Select(s => s with { AtMost = all.FirstOrDefault(other => other.AtLeast == s.Key)?.Key ?? "" })];
}
