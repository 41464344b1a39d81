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
    OpenConnections connections, ConnectionReports reports, IHostApplicationLifetime lifetime, IOptions<Html5Options> options, ILogger<Desktops> log) : IHostedService
{
    private readonly ConcurrentDictionary<DesktopSession, Task> _running = new();
    private readonly Dictionary<IPAddress, int> _places = [];
    private readonly Lock _gate = new();
    private int _taken;

    /// <summary>Takes a place for one more desktop of this address; false when it or the gateway is full.</summary>
    public bool TryReserve(IPAddress client)
    {
        lock (_gate)
        {
            var own = _places.GetValueOrDefault(client);
            if (_taken >= options.Value.MostDesktops || own >= options.Value.MostDesktopsPerAddress) return false;
            _places[client] = own + 1;
            _taken++;
            return true;
        }
    }

    public void Leave(IPAddress client)
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
}
