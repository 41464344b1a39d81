using System.Globalization;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>
/// Puts a backup in the place of the private cluster, at a point in time or at the newest state that the log leads to. The
/// broker must be stopped; what was there is kept aside, whole, until somebody removes it.
/// </summary>
internal sealed class RestoreBackup(BackupStore backups, DatabaseAddress address, IOptions<StorageOptions> storage, IOptions<HostingOptions> hosting, TimeProvider time)
{
    /// <param name="name">Null: the newest that is old enough.</param>
    /// <param name="until">Null: everything that was committed and archived, and what the lost cluster's own log still has.</param>
    /// <param name="say">Told about every step.</param>
    /// <param name="ct">Stops before anything was replaced.</param>
    /// <returns>Where the old data are now; null when there were none.</returns>
    public async Task<string?> RunAsync(string? name, DateTimeOffset? until, Action<string> say, CancellationToken ct)
    {
        if (!storage.Value.IsPrivate) throw new StartUpException("The database is external (Storage:ConnectionString); restore it where it runs.");
        var backup = name is null && until is { } limit
            ? backups.All().LastOrDefault(b => b.At <= limit) ?? throw new StartUpException($"No backup in {backups.Root} is older than {limit:u}.")
            : backups.Find(name);
        if (until < backup.At) throw new StartUpException($"Backup {backup.Name} is younger than {until:u}; name an older one.");
        var files = new PrivateClusterFiles(Path.Combine(hosting.Value.StateDirectory, "postgresql"), address.SocketDirectory);
        files.MakeDirectories();
        using var held = files.TryLock() ?? throw new StartUpException($"A broker uses {hosting.Value.StateDirectory}. Stop it first.");
        var programs = PostgresPrograms.Find(backup.PostgresMajor, storage.Value.PostgresDirectory) with { Major = backup.PostgresMajor };
        var draft = files.Data + ".restored";
        if (Directory.Exists(draft)) Directory.Delete(draft, recursive: true);
        say($"Unpacking {backup.Name} and checking its files");
        await using (var copy = await RecoveredCluster.UnpackAsync(backups.PathOf(backup), programs, draft, time, ct))
        {
            say(until is null ? "Reading the archived log to its end" : $"Reading the archived log until {until:u}");
            var own = Path.Combine(files.Data, "pg_wal");
            await copy.RecoverAsync(backups.Log, until, Directory.Exists(own) ? own : null, ct);
            await copy.StopAsync();
        }
        string? kept = null;
        if (Directory.Exists(files.Data))
        {
            kept = $"{files.Data}.before-restore-{time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
            Directory.Move(files.Data, kept);
        }
        Directory.Move(draft, files.Data);
        return kept;
    }
}
