using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>
/// Takes one backup of the running private cluster: a dump that any later PostgreSQL reads, and a base from which the archived
/// log leads to any point in time since. The key-encryption key is in neither: whoever finds a backup cannot open its secrets.
/// </summary>
internal sealed class TakeBackup(
    BackupStore backups, DatabaseAddress address, IOptions<StorageOptions> storage, IOptions<HostingOptions> hosting, IOptions<BackupOptions> options,
    TimeProvider time, ILogger<TakeBackup> log)
{
    private const int AlwaysKept = 2;
    private static readonly long LogPieceBytes = 16 << 20;   // wal_segment_size as initdb chooses it

    /// <summary>Null while another process takes one; that one is left alone.</summary>
    public async Task<BackupRecord?> RunAsync(CancellationToken ct)
    {
        try
        {
            var programs = Programs();
            using var held = backups.TryLock();
            if (held is null) return null;
            backups.RemoveUnfinished();
            var made = await MakeAsync(programs, ct);
            await ForgetOldAsync(programs, ct);
            File.Delete(backups.FailureFile);
            log.BackupMade(made.Name, made.SizeBytes);
            return made;
        }
        catch (Exception e) when (e is StartUpException or IOException or UnauthorizedAccessException or NpgsqlException)
        {
            log.BackupFailed(e.Message);
            if (Directory.Exists(backups.Root)) await BackupFile.WriteAsync(backups.FailureFile, new BackupFailure(time.GetUtcNow(), e.Message), CancellationToken.None);
            throw e as StartUpException ?? new StartUpException($"The backup failed: {e.Message}", e);
        }
    }

    private async Task<BackupRecord> MakeAsync(PostgresPrograms programs, CancellationToken ct)
    {
        var at = time.GetUtcNow();
        var draft = backups.Begin(at.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture));
        string[] connection = ["-h", address.SocketDirectory, "-U", PrivateClusterRoles.Backup];
        try
        {
            await PostgresTool.RunAsync(programs, "pg_dump", [.. connection, "-d", DatabaseAddress.Database, "-Fc", "-f", BackupStore.DumpOf(draft)], ct);
            await PostgresTool.RunAsync(programs, "pg_basebackup", [.. connection, "-D", BackupStore.BaseOf(draft), "-Ft", "-z", "-X", "stream", "--checkpoint=fast", "--manifest-checksums=SHA256"], ct);
            var record = new BackupRecord(Path.GetFileName(draft)[..^".part".Length], at, programs.Major, await SchemaAsync(ct), FirstLog(BackupStore.BaseOf(draft)), SizeOf(draft));
            await backups.FinishAsync(draft, record, ct);
            return record;
        }
        catch
        {
            if (Directory.Exists(draft)) Directory.Delete(draft, recursive: true);
            throw;
        }
    }

    // The log is needed from the oldest kept backup on. The last ones stay however old they are: a broker that was off for a
    // month must not begin its first day by throwing everything away.
    private async Task ForgetOldAsync(PostgresPrograms programs, CancellationToken ct)
    {
        var all = backups.All();
        var limit = time.GetUtcNow() - TimeSpan.FromDays(options.Value.KeepDays);
        foreach (var old in all.SkipLast(AlwaysKept).Where(b => b.At < limit)) backups.Remove(old);
        await PostgresTool.RunAsync(programs, "pg_archivecleanup", ["-x", ".gz", backups.Log, backups.All()[0].FirstLog], ct);
    }

    private async Task<int> SchemaAsync(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection($"{address.Private(PrivateClusterRoles.Backup, DatabaseAddress.Database)};Pooling=false");
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand("select coalesce(max(version), 0) from schema_version", connection);
        return (int)(await command.ExecuteScalarAsync(ct))!;
    }

    private PostgresPrograms Programs()
    {
        if (!storage.Value.IsPrivate) throw new StartUpException("The database is external (Storage:ConnectionString); back it up where it runs.");
        var files = new PrivateClusterFiles(Path.Combine(hosting.Value.StateDirectory, "postgresql"), address.SocketDirectory);
        var major = files.Version ?? throw new StartUpException($"There is no private cluster in {files.Data} yet; start the broker once.");
        return PostgresPrograms.Find(major, storage.Value.PostgresDirectory) with { Major = major };
    }

    private static string FirstLog(string @base)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(@base, "backup_manifest")));
        var range = manifest.RootElement.GetProperty("WAL-Ranges")[0];
        var position = range.GetProperty("Start-LSN").GetString()!.Split('/').Select(h => long.Parse(h, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
        return $"{range.GetProperty("Timeline").GetInt32():X8}{position[0]:X8}{position[1] / LogPieceBytes:X8}";
    }

    private static long SizeOf(string directory) => new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
}
