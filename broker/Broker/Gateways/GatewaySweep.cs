namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>
/// Removes what nobody will ask for any more: old tickets, and connections that were redeemed and never opened. Says which gateways are connected
/// here, and takes those for lost of which no node has said so for a while: a gateway that died together with its broker.
/// </summary>
internal sealed class GatewaySweep(GatewayStore gateways, GatewayDirectory directory, TimeProvider time, ILogger<GatewaySweep> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(Interval, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await gateways.BeatAsync(directory.All);
                await gateways.SweepAsync();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.SweepFailed(Interval, e);
            }
        }
    }
}
