using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>Ends relays through which nothing moved for the configured time. Off unless configured.</summary>
internal sealed class IdleSweep(OpenConnections connections, IOptions<GatewayOptions> options, TimeProvider time, ILogger<IdleSweep> log)
    : BackgroundService
{
    private readonly Dictionary<OpenConnection, (long Bytes, DateTimeOffset Since)> _seen = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.IdleTimeout is not { } limit) return;
        using var tick = new PeriodicTimer(limit / 4, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try { await SweepAsync(limit); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.SweepFailed(e); }
        }
    }

    private async Task SweepAsync(TimeSpan limit)
    {
        var now = time.GetUtcNow();
        var open = connections.All;
        foreach (var gone in _seen.Keys.Except(open).ToList()) _seen.Remove(gone);
        foreach (var connection in open)
        {
            var bytes = connection.Carrier.BytesFromClient + connection.Carrier.BytesFromMachine;
            if (!_seen.TryGetValue(connection, out var before) || before.Bytes != bytes) _seen[connection] = (bytes, now);
            else if (now - before.Since >= limit) await connection.Carrier.EndAsync(RelayEnd.IdleTimeout);
        }
    }
}
