using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>Hands synthetic log-ons that wait to a gateway of this node. Every node does; the statement decides which.</summary>
internal sealed class OrderProbes(ProbeStore probes, GatewayDirectory gateways, ChangePump pump, TimeProvider time, ILogger<OrderProbes> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(OnChangesAsync(stoppingToken), OnTicksAsync(stoppingToken));

    /// <summary>Orders everything that waits.</summary>
    internal async Task RunOnceAsync(CancellationToken ct)
    {
        while (gateways.Any() is { } gateway)
        {
            var ticket = OpaqueToken.Make();
            if (await probes.BeginAsync(gateway, new(Guid.CreateVersion7(time.GetUtcNow())), ticket.Sha256) is not { } probe) return;
            log.ProbeOrdered(probe, gateway);
            if (!await gateways.SendAsync(gateway, new GatewayOrder { Probe = new ProbeDesktop { ProbeId = probe.Value.ToString("D"), Ticket = ticket.Text } }, ct))
                await probes.LostAsync(probe);
        }
    }

    private async Task OnChangesAsync(CancellationToken ct)
    {
        try
        {
            await foreach (var batch in pump.Subscribe(ct))
                if (batch.Lost || batch.Touches("rollout")) await TryAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }
    }

    private async Task OnTicksAsync(CancellationToken ct)
    {
        using var tick = new PeriodicTimer(Interval, time);
        while (await tick.WaitForNextTickAsync(ct)) await TryAsync(ct);
    }

    private async Task TryAsync(CancellationToken ct)
    {
        try { await RunOnceAsync(ct); }
        catch (Exception e) when (!ct.IsCancellationRequested) { log.OrderingProbesFailed(Interval, e); }
    }
}
