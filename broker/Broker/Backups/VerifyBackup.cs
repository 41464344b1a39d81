using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>
/// Proves a backup by using it: unpacks it aside, reads the archived log to its end, and checks files, pages, indexes, our own
/// rules, and that the dump can be loaded. The live cluster is not touched.
/// </summary>
internal sealed class VerifyBackup(BackupStore backups, IOptions<StorageOptions> storage, IOptions<HostingOptions> hosting, TimeProvider time)
{
    private static readonly (string What, string Sql)[] Rules =
    [
        ("seats with two open sessions", "select count(*) from (select from session where state <> 'ended' group by machine_id, machine_seat having count(*) > 1) x"),
        ("users with two open sessions in one pool", "select count(*) from (select from session where state <> 'ended' group by user_id, pool_id having count(*) > 1) x"),
        ("tickets without a session", "select count(*) from ticket where not exists (select from session s where s.session_id = ticket.session_id)"),
        ("machines without a pool", "select count(*) from machine where not exists (select from pool p where p.pool_id = machine.pool_id)"),
        ("offered machines with a used disk", "select count(*) from machine where state = 'available' and used_generation >= generation"),
        ("installations without an authority", "select 1 - count(*) from authority"),
    ];

    /// <param name="name">Null: the newest.</param>
    /// <param name="say">Told about every step.</param>
    /// <param name="ct">Stops and removes the copy.</param>
    /// <exception cref="StartUpException">The backup is not good; the message says what is wrong with it.</exception>
    public async Task<BackupVerified> RunAsync(string? name, Action<string> say, CancellationToken ct)
    {
        var backup = backups.Find(name);
        var programs = PostgresPrograms.Find(backup.PostgresMajor, storage.Value.PostgresDirectory) with { Major = backup.PostgresMajor };
        var scratch = Path.Combine(hosting.Value.StateDirectory, $"verify-{Guid.NewGuid():N}");
        try
        {
            say($"Unpacking {backup.Name} and checking its files");
            await using var copy = await RecoveredCluster.UnpackAsync(backups.PathOf(backup), programs, scratch, time, ct);
            say("Reading the archived log");
            await copy.RecoverAsync(backups.Log, until: null, lastLog: null, ct);
            say("Checking tables and indexes");
            await PostgresTool.RunAsync(programs, "pg_amcheck", [.. copy.Connection, "-d", DatabaseAddress.Database, "--install-missing", "--heapallindexed", "--parent-check"], ct);
            var events = await CheckRulesAsync(copy, backup.Schema, ct);
            say("Loading the dump");
            await LoadDumpAsync(copy, backup, ct);
            await copy.StopAsync();
            say("Checking every page");
            await PostgresTool.RunAsync(programs, "pg_checksums", ["--check", "-D", scratch], ct);
            var verified = new BackupVerified(time.GetUtcNow(), $"schema {backup.Schema}, {events} audit events, files, pages, indexes, rules and dump are good");
            await BackupFile.WriteAsync(backups.VerifiedFileOf(backup), verified, ct);
            return verified;
        }
        finally
        {
            if (Directory.Exists(scratch)) Directory.Delete(scratch, recursive: true);
        }
    }

    /// <summary>Checks what must always hold in our data; answers how many audit events there are.</summary>
    public static async Task<long> CheckRulesAsync(RecoveredCluster copy, int leastSchema, CancellationToken ct)
    {
        await using var connection = await copy.OpenAsync(DatabaseAddress.Database, ct);
        var schema = await RecoveredCluster.AskAsync<int>(connection, "select max(version) from schema_version", ct);
        if (schema < leastSchema) throw new StartUpException($"The recovered schema is {schema}; the backup was made of {leastSchema}.");
        foreach (var (what, sql) in Rules)
        {
            if (await RecoveredCluster.AskAsync<object>(connection, sql, ct) is var count && Convert.ToInt64(count, System.Globalization.CultureInfo.InvariantCulture) != 0)
                throw new StartUpException($"The recovered data break a rule: {count} {what}.");
        }
        return await RecoveredCluster.AskAsync<long>(connection, "select count(*) from audit_event", ct);
    }

    private async Task LoadDumpAsync(RecoveredCluster copy, BackupRecord backup, CancellationToken ct)
    {
        await using (var connection = await copy.OpenAsync("postgres", ct))
        {
            await using var create = new Npgsql.NpgsqlCommand("create database dump_check", connection);
            await create.ExecuteNonQueryAsync(ct);
        }
        await PostgresTool.RunAsync(copy.Programs, "pg_restore", [.. copy.Connection, "-d", "dump_check", "--exit-on-error", BackupStore.DumpOf(backups.PathOf(backup))], ct);
        await using var loaded = await copy.OpenAsync("dump_check", ct);
        var schema = await RecoveredCluster.AskAsync<int>(loaded, "select max(version) from schema_version", ct);
        if (schema != backup.Schema) throw new StartUpException($"The dump has schema {schema}; the backup says {backup.Schema}.");
    }
}
