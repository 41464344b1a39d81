using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>A backup that was unpacked to a directory and is brought forward by the archived log, away from the live cluster.</summary>
internal sealed class RecoveredCluster : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RecoveryPatience = TimeSpan.FromHours(2);
    private readonly SpawningThread _thread = new("recovered cluster");
    private readonly string _socket = Directory.CreateTempSubdirectory("mv-recover-").FullName;   // short, for the socket's path
    private readonly TimeProvider _time;
    private PostgresServer? _server;

    private RecoveredCluster(PostgresPrograms programs, string data, TimeProvider time) => (Programs, Data, _time) = (programs, data, time);

    public string Data { get; }

    public PostgresPrograms Programs { get; }

    public string[] Connection => ["-h", _socket, "-U", PrivateClusterFiles.Superuser];

    public string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder { Host = _socket, Username = PrivateClusterFiles.Superuser, Database = database, Pooling = false, CommandTimeout = 0 }.ConnectionString;

    /// <summary>A cluster that lies there complete, for example one that was upgraded.</summary>
    public static RecoveredCluster Of(PostgresPrograms programs, string data, TimeProvider time) => new(programs, data, time);

    /// <summary>Unpacks a backup and checks every file against its manifest.</summary>
    public static async Task<RecoveredCluster> UnpackAsync(string backup, PostgresPrograms programs, string data, TimeProvider time, CancellationToken ct)
    {
        var @base = BackupStore.BaseOf(backup);
        Directory.CreateDirectory(data, HostingOptions.OwnerOnly);
        await PostgresTool.RunAsync("/bin/tar", ["-xzf", Path.Combine(@base, "base.tar.gz"), "-C", data], ct);
        Directory.CreateDirectory(Path.Combine(data, "pg_wal"), HostingOptions.OwnerOnly);
        await PostgresTool.RunAsync("/bin/tar", ["-xzf", Path.Combine(@base, "pg_wal.tar.gz"), "-C", Path.Combine(data, "pg_wal")], ct);
        File.Copy(Path.Combine(@base, "backup_manifest"), Path.Combine(data, "backup_manifest"));
        await PostgresTool.RunAsync(programs, "pg_verifybackup", [data], ct);
        File.SetUnixFileMode(data, HostingOptions.OwnerOnly);
        return new RecoveredCluster(programs, data, time);
    }

    /// <summary>Starts it and lets it read the archived log: up to a point in time, or to the end. Answers when it takes writes.</summary>
    /// <param name="log">The archive.</param>
    /// <param name="until">Null: everything there is.</param>
    /// <param name="lastLog">A directory whose pieces were not archived any more, for example the lost cluster's own; null: none.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task RecoverAsync(string log, DateTimeOffset? until, string? lastLog, CancellationToken ct)
    {
        await File.WriteAllTextAsync(Path.Combine(Data, "recovery.signal"), "", ct);
        var fetch = $"gzip -dc \"{log}/%f.gz\" > \"%p\" 2>/dev/null" + (lastLog is null ? "" : $" || cp \"{lastLog}/%f\" \"%p\" 2>/dev/null");
        List<string> settings = [$"restore_command={fetch}", "recovery_target_action=promote"];
        if (until is { } at) settings.Add($"recovery_target_time={at.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00");
        await StartAsync(settings, ct);
        await using var connection = await OpenAsync("postgres", ct);
        var since = _time.GetTimestamp();
        while (await AskAsync<bool>(connection, "select pg_is_in_recovery()", ct))
        {
            if (_time.GetElapsedTime(since) > RecoveryPatience) throw new StartUpException($"Reading the archived log took longer than {RecoveryPatience}.");
            await Task.Delay(Poll, _time, ct);
        }
        // Standbys of the cluster that was backed up follow another history; a commit would wait for them for ever.
        await using var alone = new NpgsqlCommand("alter system reset synchronous_standby_names", connection);
        await alone.ExecuteNonQueryAsync(ct);
    }

    public async Task<NpgsqlConnection> OpenAsync(string database, CancellationToken ct)
    {
        var since = _time.GetTimestamp();
        while (true)
        {
            if (_server is not { IsRunning: true } server) throw new StartUpException($"The recovered cluster does not run: {_server?.Reason(Data)}");
            var connection = new NpgsqlConnection(ConnectionString(database));
            try
            {
                await connection.OpenAsync(ct);
                return connection;
            }
            catch (NpgsqlException) when (server.IsRunning && _time.GetElapsedTime(since) < RecoveryPatience)
            {
                await connection.DisposeAsync();   // it reads log before it takes connections
                await Task.Delay(Poll, _time, ct);
            }
        }
    }

    public static async Task<T> AskAsync<T>(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Stops it cleanly; the data stays.</summary>
    public async Task StopAsync()
    {
        if (_server is { IsRunning: true } server) await server.StopAsync(_time);
        _server?.Dispose();
        _server = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _thread.Dispose();
        Directory.Delete(_socket, recursive: true);
    }

    /// <summary>Starts it as it is.</summary>
    public Task StartAsync(CancellationToken ct) => StartAsync([], ct);

    /// <summary>Starts the live data themselves, away from everybody; their archive goes on.</summary>
    public Task StartInPlaceAsync(CancellationToken ct) => StartWithAsync([], ct);

    // The copy must not write into the live archive.
    private Task StartAsync(List<string> settings, CancellationToken ct) => StartWithAsync([.. settings, "archive_mode=off", "hot_standby=on"], ct);

    private async Task StartWithAsync(List<string> settings, CancellationToken ct)
    {
        // Nobody else finds it at the live socket; so no standby does either, and no commit may wait for one.
        string[] all = [.. settings, $"unix_socket_directories={_socket}", "listen_addresses=", "synchronous_standby_names="];
        _server = await PostgresServer.StartAsync(_thread, Programs, Data, [.. all.SelectMany(s => new[] { "-c", s })]);
        await (await OpenAsync("postgres", ct)).DisposeAsync();
    }
}
