using System.Globalization;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>
/// Makes standbys of the private cluster, each with a slot of its own, and says how to go on. The primary gets two changes: the
/// slots, and a bound on what they keep. It waits for nobody until <see cref="ConfirmHa"/> has seen a standby stream.
/// </summary>
internal sealed class PromoteToHa(DatabaseAddress address, IOptions<StorageOptions> storage, IOptions<HostingOptions> hosting, TimeProvider time)
{
    private const double SpaceNeeded = 1.2;   // of the data, for the copy and the log meanwhile
    // A standby that never comes must not fill the primary's volume; it is copied anew then.
    private const string LogKeptForStandbys = "4GB";
    private readonly PrivateClusterFiles _files = new(Path.Combine(hosting.Value.StateDirectory, "postgresql"), address.SocketDirectory);

    /// <param name="standbys">Where they are made. One that is there already is kept; a copy that was killed is made anew.</param>
    /// <param name="primary">Host under which brokers and standbys reach the primary; null: its socket, on this machine.</param>
    /// <param name="say">Told about every step, and at the end what to do next.</param>
    /// <param name="ct">Stops between steps and within a copy; the next run goes on from there.</param>
    public async Task RunAsync(IReadOnlyList<StandbyTarget> standbys, string? primary, Action<string> say, CancellationToken ct)
    {
        if (primary is not null && !BackupOptions.PlainPath().IsMatch(primary)) throw new StartUpException($"--primary is '{primary}'; use a host name, or the directory of a socket.");
        if (!storage.Value.IsPrivate) throw new StartUpException("The database is external (Storage:ConnectionString); make its standbys where it runs.");
        var version = _files.Version ?? throw new StartUpException($"There is no private cluster in {_files.Data}; start the broker once.");
        using var held = _files.HoldStopped(hosting.Value.StateDirectory);
        var programs = await ProgramsAsync(version, ct);
        foreach (var standby in standbys) Refuse(standby, version);
        var host = primary ?? address.SocketDirectory;
        await using (var cluster = RecoveredCluster.Of(programs, _files.Data, time))
        {
            await cluster.StartInPlaceAsync(ct);
            await using var connection = await cluster.OpenAsync("postgres", ct);
            await RunAsync(connection, $"alter system set max_slot_wal_keep_size = '{LogKeptForStandbys}'", ct);
            foreach (var standby in standbys) await MakeAsync(cluster, connection, standby, host, say, ct);
            await connection.CloseAsync();
            await cluster.StopAsync();
        }
        Explain(standbys, host, version, say);
    }

    private async Task<PostgresPrograms> ProgramsAsync(int version, CancellationToken ct)
    {
        var programs = PostgresPrograms.Find(version, storage.Value.PostgresDirectory) with { Major = version };
        var said = await PostgresTool.RunAsync(programs, "postgres", ["--version"], ct);   // postgres (PostgreSQL) 15.18 (Debian ...)
        return said.Split(' ')[2].Split('.')[0] == version.ToString(CultureInfo.InvariantCulture)
            ? programs
            : throw new StartUpException($"The private cluster is of PostgreSQL {version}; {programs.Directory} holds {said.Trim()}. Set Storage:PostgresDirectory to the programs of version {version}.");
    }

    private void Refuse(StandbyTarget standby, int version)
    {
        var root = Path.GetDirectoryName(_files.Data)! + "/";
        if ((standby.Directory + "/").StartsWith(root, StringComparison.Ordinal) || root.StartsWith(standby.Directory + "/", StringComparison.Ordinal))
            throw new StartUpException($"{standby.Directory} is a directory of the private cluster's own; name one outside {hosting.Value.StateDirectory}.");
        try
        {
            Directory.CreateDirectory(standby.Directory, HostingOptions.OwnerOnly);
            var foreign = Directory.GetFileSystemEntries(standby.Directory).FirstOrDefault(e => e != standby.Data && e != standby.Draft && Path.GetFileName(e) != "lost+found");
            if (foreign is not null) throw new StartUpException($"{standby.Directory} is not empty, it holds {Path.GetFileName(foreign)}. Empty it, or name another directory.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartUpException($"{standby.Directory} cannot be used: {e.Message} Give it to the user {Environment.UserName}, or name another directory.", e);
        }
        if (Directory.Exists(standby.Data))
        {
            RefuseStranger(standby, version);
            return;
        }
        var needed = (long)(new DirectoryInfo(_files.Data).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) * SpaceNeeded);
        var free = new DriveInfo(standby.Directory).AvailableFreeSpace;
        if (free < needed) throw new StartUpException($"The volume of {standby.Directory} has {free >> 20} MiB free; the copy needs {needed >> 20} MiB. Free some space, or name another directory.");
    }

    // A finished copy says itself whose it is; anything else under that name is not ours to touch.
    private static void RefuseStranger(StandbyTarget standby, int version)
    {
        var file = Path.Combine(standby.Data, "PG_VERSION");
        if (!File.Exists(file) || !File.Exists(Path.Combine(standby.Data, "standby.signal")))
            throw new StartUpException($"{standby.Data} is there and is no standby (any more). Remove it to have it copied anew, or name another directory.");
        if (File.ReadAllText(file).Trim() is var found && found != version.ToString(CultureInfo.InvariantCulture))
            throw new StartUpException($"{standby.Data} is of PostgreSQL {found}; the private cluster is of {version}. Remove it to have it copied anew.");
    }

    private static async Task MakeAsync(RecoveredCluster cluster, NpgsqlConnection primary, StandbyTarget standby, string host, Action<string> say, CancellationToken ct)
    {
        var slotIsGood = await RecoveredCluster.AskAsync<bool>(primary, $"select exists (select from pg_replication_slots where slot_name = '{standby.Slot}' and wal_status in ('reserved', 'extended'))", ct);
        if (Directory.Exists(standby.Data))
        {
            if (!slotIsGood) throw new StartUpException($"{standby.Data} is a copy that the primary no longer keeps its log for. Remove it and run this again; it is copied anew.");
            say($"{standby.Data} is there already; it is kept");
            return;
        }
        if (Directory.Exists(standby.Draft)) Directory.Delete(standby.Draft, recursive: true);
        await RunAsync(primary, $"select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '{standby.Slot}'", ct);   // it holds log since a copy that is gone
        await RunAsync(primary, $"select pg_create_physical_replication_slot('{standby.Slot}', true)", ct);
        say($"Copying the data to {standby.Data}");
        await PostgresTool.RunAsync(cluster.Programs, "pg_basebackup", [.. cluster.Connection, "-D", standby.Draft, "-R", "-X", "stream", "-S", standby.Slot, "--checkpoint=fast"], ct);
        // Its socket is in its own data directory, so that it starts wherever it is carried. It archives nothing: the archive is the primary's.
        new PrivateClusterFiles(standby.Directory, ".").WriteSettings(standby.Draft, [("archive_mode", "off"), ("hot_standby", "on")]);
        await FollowAsync(standby, host, ct);
        File.SetUnixFileMode(standby.Draft, HostingOptions.OwnerOnly);
        Directory.Move(standby.Draft, standby.Data);
    }

    // pg_basebackup -R wrote the socket of the copying server, which ends with this program.
    private static async Task FollowAsync(StandbyTarget standby, string host, CancellationToken ct)
    {
        var file = Path.Combine(standby.Draft, "postgresql.auto.conf");
        string[] ours = ["primary_conninfo", "primary_slot_name", "synchronous_standby_names"];
        var rest = (await File.ReadAllLinesAsync(file, ct)).Where(l => !ours.Any(o => l.StartsWith(o, StringComparison.Ordinal)));
        await File.WriteAllLinesAsync(file,
        [
            .. rest,
            $"primary_conninfo = 'host={host} user={PrivateClusterRoles.Backup} application_name={standby.Name}'",
            $"primary_slot_name = '{standby.Slot}'",
        ], ct);
    }

    private void Explain(IReadOnlyList<StandbyTarget> standbys, string host, int version, Action<string> say)
    {
        var hosts = string.Join(',', standbys.Select(s => s.Address).Prepend(host));
        say($"""

            The standbys are copied. Nothing has changed for the broker yet: started as before, it runs its private cluster.
            From now on PostgreSQL is run by Patroni or by the distribution, no longer by the broker:
            1. Carry or mount each directory to its peer, which needs PostgreSQL {version}; data must stay mode 0700 and of the user that runs PostgreSQL.
            2. Between machines, on every one: listen_addresses, lines in pg_hba.conf for the roles {DatabaseAddress.AppRole}, {DatabaseAddress.OwnerRole} and (replication) {PrivateClusterRoles.Backup}, and their passwords. Here they are let in by a socket only. Patroni writes its own.
            3. Start the primary in {_files.Data}, then the standbys in: {string.Join(", ", standbys.Select(s => s.Data))}.
            4. Once they stream: db promote-to-ha --confirm. Until then a write is on one machine only, and waits for nobody.
            5. Start every broker with:
            Storage:ConnectionString=Host={hosts};Username={DatabaseAddress.AppRole};Database={DatabaseAddress.Database}
            Storage:OwnerConnectionString=Host={hosts};Username={DatabaseAddress.OwnerRole};Database={DatabaseAddress.Database};Target Session Attributes=primary
            The broker makes no more backups of this database; who runs it does. A standby that stays away for more than {LogKeptForStandbys} of log is removed and copied anew.
            """);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
