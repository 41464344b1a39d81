using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Native.Posix;
using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>
/// The PostgreSQL that the broker runs for itself when nobody names another: made at the first start, supervised, adopted
/// when a killed broker left it running, stopped with us. Does nothing when the database is external.
/// </summary>
internal sealed class PrivateCluster(
    DatabaseAddress address, IOptions<StorageOptions> storage, IOptions<HostingOptions> hosting, NpgsqlDataSource dataSource,
    OpeningGate gate, IEnumerable<ClusterSettings> settings, TimeProvider time, ILogger<PrivateCluster> log) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(10);   // crash recovery of a large log takes its time
    private readonly PrivateClusterFiles _files = new(Path.Combine(hosting.Value.StateDirectory, "postgresql"), address.SocketDirectory);
    private readonly RestartPolicy _restarts = new(storage.Value.FailuresBeforeGivingUp, time);
    private readonly CancellationTokenSource _stopping = new();
    private readonly SpawningThread _thread = new("private cluster");
    private FileStream? _lock;
    private bool _hasRoles;
    private Task _supervision = Task.CompletedTask;
    private volatile PostgresServer? _server;

    /// <summary>Why there is no database, once the broker has given up restarting it; null while all is well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Process id of the postmaster, for messages and tests; null when none runs.</summary>
    public int? ProcessId => _server?.ProcessId;

    /// <summary>The start-up step: answers when the cluster takes connections.</summary>
    public async Task OpenAsync(CancellationToken ct)
    {
        if (!storage.Value.IsPrivate) return;
        _files.MakeDirectories();
        _lock = await LockAsync(ct);
        var server = await StartUntilReadyAsync(ct)
            ?? throw new StartUpException($"The private cluster in {_files.Data} does not start: {Trouble}");
        _server = server;
        _supervision = SuperviseAsync(server);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;   // OpenAsync came first

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await _supervision;
        if (_server is { IsRunning: true } server) await server.StopAsync(time);
        if (_server is not null) log.ClusterStopped();
        _server?.Dispose();
        _server = null;
        _lock?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);   // a start that failed half way is never stopped by the host
        _thread.Dispose();
        _stopping.Dispose();
    }

    private async Task<FileStream> LockAsync(CancellationToken ct)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            if (_files.TryLock() is { } held) return held;
            if (time.GetElapsedTime(since) > LockPatience)
                throw new StartUpException($"Another broker uses {hosting.Value.StateDirectory}. Stop it, or give this one another {HostingOptions.SectionName}:{nameof(HostingOptions.StateDirectory)} and a connection string.");
            await Task.Delay(Poll, time, ct);
        }
    }

    private async Task SuperviseAsync(PostgresServer server)
    {
        try
        {
            while (true)
            {
                await server.WaitForEndAsync(time, _stopping.Token);
                var ended = time.GetTimestamp();
                gate.Close();
                dataSource.Clear();   // connections to the old process would each fail once
                var left = new LeftBackends(_files.Data, time).WaitUntilGoneAsync(_stopping.Token);
                await server.HearOutAsync(LastWords, time, _stopping.Token);
                var reason = server.Reason(_files.Data);
                server.Dispose();
                _server = null;
                var wait = _restarts.AfterFailure();
                log.ClusterEnded(reason, wait);
                if (wait is null)
                {
                    GiveUp(reason);
                    return;
                }
                // The wait counts from the end, not from when we were done asking why.
                if (wait.Value - time.GetElapsedTime(ended) is { Ticks: > 0 } rest) await Task.Delay(rest, time, _stopping.Token);
                if (!await left) log.BackendsLeft();
                if (await StartUntilReadyAsync(_stopping.Token) is not { } next) return;
                _server = server = next;
                gate.Open();
                log.ClusterBack(time.GetElapsedTime(ended).TotalMilliseconds);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            log.SupervisionFailed(e);
            GiveUp(e.Message);
        }
    }

    private async Task<PostgresServer?> StartUntilReadyAsync(CancellationToken ct)
    {
        while (true)
        {
            var (server, reason) = await TryStartAsync(ct);
            if (server is not null) return server;
            var wait = _restarts.AfterFailure();
            log.ClusterEnded(reason, wait);
            if (wait is null)
            {
                GiveUp(reason);
                return null;
            }
            await Task.Delay(wait.Value, time, ct);
        }
    }

    private async Task<(PostgresServer? Server, string Reason)> TryStartAsync(CancellationToken ct)
    {
        if (await AdoptAsync(ct) is { } adopted) return (adopted, "");
        var programs = PostgresPrograms.Find(_files.Version, storage.Value.PostgresDirectory);
        if (_files.Version is null) await _files.InitialiseAsync(programs, ct);
        foreach (var more in settings) more.Prepare();
        _files.WriteSettings(settings.SelectMany(s => s.Values));
        var server = await PostgresServer.StartAsync(_thread, programs, _files.Data);
        _server = server;   // from here on a stop must reach it
        if (await IsReadyAsync(server, ct))
        {
            log.ClusterStarted(server.ProcessId, _files.Data);
            return (server, "");
        }
        if (!server.IsRunning) await server.HearOutAsync(TimeSpan.FromSeconds(30), time, ct);
        var reason = server.Reason(_files.Data);
        if (server.IsRunning) await server.StopAsync(time);
        _server = null;
        server.Dispose();
        return (null, reason);
    }

    // A broker that was killed may have left its cluster running, or just now ending: wait which of the two it is.
    private async Task<PostgresServer?> AdoptAsync(CancellationToken ct)
    {
        if (_files.ClaimedBy is not { } claimed) return null;
        if (Processes.IsRunning(claimed) && Processes.NameOf(claimed) is not ("postgres" or "postmaster"))
        {
            _files.RemoveStaleClaim();
            return null;
        }
        if (PostgresServer.Adopt(claimed) is not { } server) return null;
        if (await IsReadyAsync(server, ct))
        {
            log.ClusterAdopted(claimed);
            return server;
        }
        server.Dispose();
        return null;
    }

    private async Task<bool> IsReadyAsync(PostgresServer server, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        while (server.IsRunning && time.GetElapsedTime(since) < StartPatience)
        {
            if (_files.IsReady(server.ProcessId) && await HasRolesAsync(ct)) return true;
            await Task.Delay(Poll, time, ct);
        }
        return false;
    }

    private async Task<bool> HasRolesAsync(CancellationToken ct)
    {
        if (_hasRoles) return true;   // a restart finds them, and nobody waits for us to ask
        try
        {
            await PrivateClusterRoles.EnsureAsync(Superuser, ct);
            return _hasRoles = true;
        }
        catch (NpgsqlException)
        {
            return false;   // it ended again; the caller's loop sees that
        }
    }

    private void GiveUp(string reason)
    {
        Trouble = reason;
        gate.GiveUp();
        log.ClusterGivenUp(reason);
    }

    private string Superuser => $"{address.Private(PrivateClusterFiles.Superuser, "postgres")};Pooling=false;Timeout=5";
}
