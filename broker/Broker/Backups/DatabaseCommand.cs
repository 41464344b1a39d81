using System.Globalization;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>
/// What an administrator does to the private cluster on its own machine, as the broker's user: <c>db backup</c>,
/// <c>db verify-backup</c>, <c>db restore</c>, <c>db upgrade</c>, <c>db rollback-upgrade</c>,
/// <c>db promote-to-ha</c>, <c>db rotate-key</c>, <c>db reset-factors</c>, <c>db break-glass</c>. The broker runs or not, as the verb needs it; none of them opens a door.
/// </summary>
internal static class DatabaseCommand
{
    private const int Failed = 1;
    private const int NotUnderstood = 2;

    // Whoever runs this owns the database's files; the audit record says that it was done on the machine itself.
    private static readonly Caller Offline = new(default, "broker", "broker", Audience.Administrator, "offline", "") { Rights = Rights.Everything };

    public static async Task<int> RunAsync(string[] arguments)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        try
        {
            var words = arguments.TakeWhile(a => !a.StartsWith("--", StringComparison.Ordinal)).ToArray();
            await using var app = BrokerApplication.Build([.. Options(arguments.Skip(words.Length)), "--Hosting:LogLevel=Warning"]);
            return await RunAsync(words, app.Services, app.Configuration, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 130;
        }
        catch (Exception e) when (Program.Problems(e) is { Count: > 0 } problems)
        {
            foreach (var problem in problems) await Console.Error.WriteLineAsync(problem);
            return Failed;
        }
    }

    private static async Task<int> RunAsync(string[] words, IServiceProvider services, IConfiguration settings, CancellationToken ct)
    {
        switch (words)
        {
            case ["backup"]:
                var made = await services.GetRequiredService<TakeBackup>().RunAsync(ct)
                    ?? throw new StartUpException("A backup is being taken already. Wait until it is made; if you need a newer one, run db backup again then.");
                Say($"Backup {made.Name} is made, {made.SizeBytes / 1024} KiB.");
                return 0;
            case ["verify-backup", .. { Length: <= 1 } name]:
                var verified = await services.GetRequiredService<VerifyBackup>().RunAsync(name.FirstOrDefault(), Say, ct);
                Say($"Good: {verified.Summary}.");
                return 0;
            case ["restore", .. { Length: <= 1 } name]:
                var kept = await services.GetRequiredService<RestoreBackup>().RunAsync(name.FirstOrDefault(), PointInTime(settings["at"]), Say, ct);
                Say(kept is null ? "Restored. Start the broker." : $"Restored. The data from before are in {kept}; remove them when all is well. Start the broker.");
                return 0;
            case ["upgrade"]:
                var old = await services.GetRequiredService<UpgradeCluster>().RunAsync(settings["to"], Say, ct);
                Say($"Upgraded. The old data stay in {old} for {UpgradeCluster.OldDataKept.TotalDays:0} days; to go back: db rollback-upgrade. Start the broker.");
                return 0;
            case ["rollback-upgrade"]:
                Say($"The old cluster is back; what was written since the upgrade is in {services.GetRequiredService<UpgradeCluster>().RollBack()}. Start the broker.");
                return 0;
            case ["promote-to-ha"] when settings["confirm"] is not null:
                Say($"From now on every write is on two servers before it is answered: synchronous_standby_names = {await services.GetRequiredService<ConfirmHa>().RunAsync(settings["primary"], Say, ct)}. When no standby is left, writes wait; to go on with one server: alter system reset synchronous_standby_names; select pg_reload_conf();");
                return 0;
            case ["promote-to-ha"]:
                await services.GetRequiredService<PromoteToHa>().RunAsync(StandbyTarget.Parse(settings["standby"]), settings["primary"], Say, ct);
                return 0;
            case ["rotate-key"]:
                await services.GetRequiredService<RotateKey>().RunAsync(ToFile(settings["to"]), settings["copied"] is not null, Offline.UserName, Offline.SourceAddress, Say, ct);
                return 0;
            // For the day the only administrator has lost telephone and recovery codes: whoever is the broker's user on its machine helps.
            case ["reset-factors", var user]:
                var person = await services.GetRequiredService<FactorStore>().ResetAsync(UserNames.Normalise(user), Offline) ?? throw new StartUpException($"There is no user {user}.");
                Say($"The second factors of {person.UserName} are taken away and all sign-ins ended. The next sign-in enrols a new one.");
                return 0;
            // For the day nobody can sign in: directory, provider and telephones away. Nothing that listens can make this.
            case ["break-glass"]:
                var secret = await services.GetRequiredService<MakeBreakGlass>().RunAsync(settings["reason"], Offline.UserName);
                Say($"{secret.Text}\nType it at /sign-in/emergency of the console within {MakeBreakGlass.SecretLifetime.TotalMinutes:0} minutes. It works once, for an hour, and every administrator sees it.");
                return 0;
            default:
                await Console.Error.WriteLineAsync("Use: db backup | db verify-backup [NAME] | db restore [NAME] [--at=2026-01-31T12:00:00Z] | db upgrade [--to=DIRECTORY] | db rollback-upgrade | db promote-to-ha --standby=[HOST=]DIRECTORY [--standby=...] [--primary=HOST] | db promote-to-ha --confirm | db rotate-key [--to=token|file] [--copied] | db reset-factors USER | db break-glass --reason=TEXT");
                return NotUnderstood;
        }
    }

    // The configuration knows neither an option without a value nor one that is given twice.
    private static List<string> Options(IEnumerable<string> arguments)
    {
        const string standby = "--standby=";
        List<string> all = [.. arguments.Select(a => a is "--confirm" or "--copied" ? $"{a}=yes" : a)];
        var standbys = all.Where(a => a.StartsWith(standby, StringComparison.Ordinal)).Select(a => a[standby.Length..]).ToList();
        if (standbys.Count > 0) all.Add(standby + string.Join(',', standbys));
        return all;
    }

    private static DateTimeOffset? PointInTime(string? text) =>
        string.IsNullOrEmpty(text) ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var at) ? at
        : throw new StartUpException($"--at is '{text}'; use a time like 2026-01-31T12:00:00Z.");

    // Without the option a new key is where the configuration says: in the token, where one is set.
    private static bool ToFile(string? to) => to switch
    {
        null or "" or "token" => false,
        "file" => true,
        _ => throw new StartUpException($"--to is '{to}'; use token or file."),
    };

    private static void Say(string text) => Console.WriteLine(text);
}
