using System.Globalization;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>
/// Moves the private cluster to a newer PostgreSQL with pg_upgrade, by copy and never by link, so that the old data stay whole
/// and one command goes back to them. Both versions must be installed and the broker stopped.
/// </summary>
internal sealed class UpgradeCluster(
    BackupStore backups, DatabaseAddress address, IOptions<StorageOptions> storage, IOptions<HostingOptions> hosting, TimeProvider time)
{
    public static readonly TimeSpan OldDataKept = TimeSpan.FromDays(14);

    private const string Before = ".before-upgrade-";
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private const double SpaceNeeded = 1.2;   // of the data, for the copy and the new cluster's own log
    private readonly PrivateClusterFiles _files = new(Path.Combine(hosting.Value.StateDirectory, "postgresql"), address.SocketDirectory);

    /// <param name="directory">Programs of the new version; null: the highest that is installed.</param>
    /// <param name="say">Told about every step.</param>
    /// <param name="ct">Stops before anything was replaced.</param>
    /// <returns>Where the old data are now.</returns>
    public async Task<string> RunAsync(string? directory, Action<string> say, CancellationToken ct)
    {
        using var held = Hold();
        var from = _files.Version ?? throw new StartUpException($"There is no private cluster in {_files.Data}; a new one is made by the newest PostgreSQL anyway.");
        var oldPrograms = PostgresPrograms.Find(from, null);
        var newPrograms = await ProgramsAsync(from, directory, ct);
        RefuseWithoutSpace();
        var draft = _files.Data + ".upgraded";
        say($"Making an empty cluster of PostgreSQL {newPrograms.Major}");
        await _files.MakeAsync(newPrograms, draft, ct);
        _files.WriteSettings(draft, [("archive_mode", "off")]);
        _files.WriteSettings([("archive_mode", "off")]);   // the broker writes its own again at its next start
        string[] both =
        [
            "-b", oldPrograms.Directory, "-B", newPrograms.Directory, "-d", _files.Data, "-D", draft,
            "-U", PrivateClusterFiles.Superuser, "-s", _files.SocketDirectory,
        ];
        var root = Path.GetDirectoryName(_files.Data)!;
        say("Checking that the data can be upgraded");
        await PostgresTool.RunAsync(newPrograms, "pg_upgrade", [.. both, "--check"], ct, root);
        say("Copying the data");
        await PostgresTool.RunAsync(newPrograms, "pg_upgrade", both, ct, root);
        await VerifyAsync(newPrograms, draft, say, ct);
        return Swap(from, draft);
    }

    /// <summary>Puts the data from before the newest upgrade back; answers where the upgraded ones are now.</summary>
    public string RollBack()
    {
        using var held = Hold();
        var old = Old().LastOrDefault() ?? throw new StartUpException($"There are no data from before an upgrade beside {_files.Data}; they are kept {OldDataKept.TotalDays:0} days. Restore a backup instead: db restore");
        var undone = $"{_files.Data}.undone-upgrade-{Now()}";
        Directory.Move(_files.Data, undone);
        Directory.Move(old, _files.Data);
        backups.SetAside($"undone-upgrade-{Now()}");
        backups.BringBack(Path.GetFileName(old)[("data" + Before).Length..]);
        return undone;
    }

    /// <summary>Removes old data whose time is over.</summary>
    public void RemoveExpired()
    {
        foreach (var old in Old().Where(o => time.GetUtcNow() - UpgradedAt(o) > OldDataKept)) Directory.Delete(old, recursive: true);
    }

    private async Task VerifyAsync(PostgresPrograms programs, string draft, Action<string> say, CancellationToken ct)
    {
        say("Checking the upgraded data");
        await using var upgraded = RecoveredCluster.Of(programs, draft, time);
        await upgraded.StartAsync(ct);
        await PostgresTool.RunAsync(programs, "vacuumdb", [.. upgraded.Connection, "--all", "--analyze-only"], ct);   // pg_upgrade leaves the planner without statistics
        await PostgresTool.RunAsync(programs, "pg_amcheck", [.. upgraded.Connection, "-d", DatabaseAddress.Database, "--install-missing", "--heapallindexed"], ct);
        await VerifyBackup.CheckRulesAsync(upgraded, leastSchema: 1, ct);
        await upgraded.StopAsync();
    }

    private string Swap(int from, string draft)
    {
        var name = $"{from}-{Now()}";
        var kept = _files.Data + Before + name;
        if (Directory.Exists(backups.Root)) backups.SetAside(name);
        Directory.Move(_files.Data, kept);
        Directory.Move(draft, _files.Data);
        return kept;
    }

    private FileStream Hold()
    {
        if (!storage.Value.IsPrivate) throw new StartUpException("The database is external (Storage:ConnectionString); upgrade it where it runs.");
        return _files.HoldStopped(hosting.Value.StateDirectory);
    }

    private static async Task<PostgresPrograms> ProgramsAsync(int from, string? directory, CancellationToken ct)
    {
        if (directory is not { Length: > 0 })
        {
            var newest = PostgresPrograms.Find(null, null);
            return newest.Major > from ? newest : throw new StartUpException($"The private cluster is of PostgreSQL {from}, and no newer version is installed. Install one, for example: apt-get install postgresql-{from + 2}");
        }
        if (!File.Exists(Path.Combine(directory, "pg_upgrade"))) throw new StartUpException($"{directory} holds no program pg_upgrade; name the directory of a PostgreSQL server's programs.");
        var said = await PostgresTool.RunAsync(Path.Combine(directory, "postgres"), ["--version"], ct);   // postgres (PostgreSQL) 17.2 (Debian ...)
        var major = int.Parse(said.Split(' ')[2].Split('.')[0], CultureInfo.InvariantCulture);
        return major >= from ? new PostgresPrograms(major, directory) : throw new StartUpException($"The private cluster is of PostgreSQL {from}; {directory} is {major}. There is no way back by upgrade: use db rollback-upgrade or restore a backup.");
    }

    private void RefuseWithoutSpace()
    {
        var needed = (long)(new DirectoryInfo(_files.Data).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) * SpaceNeeded);
        var free = new DriveInfo(_files.Data).AvailableFreeSpace;
        if (free < needed) throw new StartUpException($"The volume of {_files.Data} has {free >> 20} MiB free; the copy needs {needed >> 20} MiB. Free some space.");
    }

    private IEnumerable<string> Old() =>
        Directory.GetDirectories(Path.GetDirectoryName(_files.Data)!, $"data{Before}*").OrderBy(UpgradedAt);

    private static DateTimeOffset UpgradedAt(string directory) =>
        DateTimeOffset.TryParseExact(directory.Split('-')[^1], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : DateTimeOffset.MaxValue;

    private string Now() => time.GetUtcNow().ToString(TimeFormat, CultureInfo.InvariantCulture);
}
