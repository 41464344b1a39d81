using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>All desktops that are shown in browsers: each lives on while its browser changes, and is told to the broker.</summary>
internal sealed class Desktops(
    OpenConnections connections, ConnectionReports reports, IHostApplicationLifetime lifetime, IOptions<Html5Options> options, TimeProvider time, ILogger<Desktops> log) : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<DesktopSession, Task> _running = new();
    private readonly Dictionary<IPAddress, int> _places = [];
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turns = new(2 * Environment.ProcessorCount);
    private int _taken;

    /// <summary>Takes a place for one more desktop of this address; null when it or the gateway is full.</summary>
    public Place? Reserve(IPAddress client)
    {
        lock (_gate)
        {
            var own = _places.GetValueOrDefault(client);
            if (_taken >= options.Value.MostDesktops || own >= options.Value.MostDesktopsPerAddress) return null;
            _places[client] = own + 1;
            _taken++;
            return new Place(this, client);
        }
    }

    /// <summary>
    /// Waits for a turn to open a desktop. A worker needs a tenth of a second of a core to start: a hundred that start together would
    /// all be late, one after the other none is. A machine that does not answer holds its turn for a moment only.
    /// </summary>
    public async Task<IDisposable> TurnAsync(CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        return new Turn(_turns, time);
    }

    private void Leave(IPAddress client)
    {
        lock (_gate)
        {
            _taken--;
            if (--_places[client] == 0) _places.Remove(client);
        }
    }

    /// <summary>Runs a desktop to its end, whoever looks at it; gives its place back then.</summary>
    public void Run(OpenConnection connection, DesktopSession session, IPAddress place)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[session] = done.Task;
        _ = RunAsync(connection, session, place, done);
    }

    /// <summary>The web server stops before hosted services and would wait for every open socket, so the desktops end as soon as stopping is asked for.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(() => _ = EndAllAsync());
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await EndAllAsync();
        await Task.WhenAll(_running.Values);
    }

    public void Dispose() => _turns.Dispose();

    private Task EndAllAsync() => Task.WhenAll(_running.Keys.Select(d => d.EndAsync(RelayEnd.GatewayStopping)));

    private async Task RunAsync(OpenConnection connection, DesktopSession session, IPAddress place, TaskCompletionSource done)
    {
        try
        {
            var running = session.RunAsync();
            if (await session.Opened is { } reason)
            {
                var failed = await running;
                log.ConnectionRefused(connection.Client, reason, failed.ToString());
                reports.Failed(connection.SessionId, reason, connection.Client, connection.ConnectionId);
                return;
            }
            await CarryAsync(connection with { OpenedAt = DateTimeOffset.UtcNow }, running);
        }
        catch (Exception e) { log.ServingFailed(connection.Client, e); }
        finally
        {
            Leave(place);
            _running.TryRemove(session, out _);
            session.Dispose();
            done.SetResult();
        }
    }

    private async Task CarryAsync(OpenConnection connection, Task<RelayEnd> running)
    {
        if (!connections.Add(connection)) throw new IOException("The broker gave out a connection id twice.");
        log.ConnectionOpen(connection.ConnectionId, connection.SessionId, connection.Client, connection.MachineId);
        reports.Opened(connection);
        try
        {
            var end = await running;
            log.ConnectionEnded(connection.ConnectionId, connection.SessionId, end, connection.Carrier.BytesFromClient, connection.Carrier.BytesFromMachine);
            reports.Closed(connection, end);
        }
        finally { connections.Remove(connection); }
    }

    /// <summary>A place among the desktops, given back unless a desktop took it over.</summary>
    public sealed class Place(Desktops desktops, IPAddress client) : IDisposable
    {
        private bool _kept;

        /// <summary>The place for <see cref="Run"/>, which gives it back in the end.</summary>
        public IPAddress Keep()
        {
            _kept = true;
            return client;
        }

        public void Dispose()
        {
            if (!_kept) desktops.Leave(client);
        }
    }

    private sealed class Turn : IDisposable
    {
        private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);
        private readonly SemaphoreSlim _turns;
        private readonly ITimer _late;
        private int _over;

        public Turn(SemaphoreSlim turns, TimeProvider time)
        {
            _turns = turns;
            _late = time.CreateTimer(_ => Over(), null, Longest, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            _late.Dispose();
            Over();
        }

        private void Over()
        {
            if (Interlocked.Exchange(ref _over, 1) != 0) return;
            try { _turns.Release(); }
            catch (ObjectDisposedException)
            {
                // The gateway stopped between the timer and here: nobody waits for a turn any more.
            }
        }
    }
}
