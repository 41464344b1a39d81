using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>Has this node's gateways ask about their connections at once when somebody may have lost a right (ADR 25). Every node does, for its own.</summary>
internal sealed class OrderRechecks(GatewayDirectory gateways, ChangePump pump, TimeProvider time) : BackgroundService
{
    /// <summary>A directory that disables hundreds changes a row at a time; gateways are asked once for many.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var batch in pump.Subscribe(stoppingToken))
            {
                if (!batch.Lost && !batch.Touches("right")) continue;
                await Task.WhenAll(gateways.All.Select(gateway => gateways.SendAsync(gateway, new GatewayOrder { Recheck = new RecheckOrder() }, stoppingToken)));
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }
}
