using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>How backups stand.</summary>
/// <param name="Managed">False: the database is external, or backups are switched off.</param>
/// <param name="Problem">A sentence when an administrator should act; null while all is well.</param>
internal sealed record BackupState(bool Managed, BackupRecord? Last, BackupVerified? LastVerified, BackupFailure? Failure, DateTimeOffset? LogArchivedAt, int Count, string Directory, string? Problem);

/// <summary>Says how backups stand, for the API and for health.</summary>
internal sealed class BackupStatus(BackupStore backups, NpgsqlDataSource database, IOptions<BackupOptions> options, IOptions<StorageOptions> storage, TimeProvider time)
{
    private static readonly TimeSpan TooOld = TimeSpan.FromHours(26);   // one night, and two hours to make it in
    internal const string OldBackup = "The last backup is of";
    private static readonly TimeSpan StartedUp = TimeSpan.FromMinutes(5);
    private readonly long _since = time.GetTimestamp();

    public async Task<BackupState> AskAsync(CancellationToken ct)
    {
        var managed = storage.Value.IsPrivate && options.Value.Enabled;
        var all = managed ? backups.All() : [];
        var last = all is [.., var newest] ? newest : null;
        var failure = managed ? BackupFile.Read<BackupFailure>(backups.FailureFile) : null;
        var verified = all.Reverse().Select(b => BackupFile.Read<BackupVerified>(backups.VerifiedFileOf(b))).OfType<BackupVerified>().FirstOrDefault();
        var (archivedAt, archiveFails) = managed ? await ArchiveAsync(ct) : (null, false);
        var problem = !managed ? null
            : failure is not null ? $"The last backup failed at {failure.At:u}: {failure.Reason}"
            : archiveFails ? $"The log cannot be archived in {backups.Log}: is its volume full, or not writable?"
            : last is null ? time.GetElapsedTime(_since) > StartedUp ? "There is no backup yet." : null
            : time.GetUtcNow() - last.At > TooOld ? $"{OldBackup} {last.At:u}."
            : null;
        return new BackupState(managed, last, verified, failure, archivedAt, all.Count, backups.Root, problem);
    }

    private async Task<(DateTimeOffset? At, bool Fails)> ArchiveAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select last_archived_time, last_failed_time > coalesce(last_archived_time, '-infinity') from pg_stat_archiver");
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return (row.IsDBNull(0) ? null : new DateTimeOffset(row.GetDateTime(0), TimeSpan.Zero), !row.IsDBNull(1) && row.GetBoolean(1));
    }
}
