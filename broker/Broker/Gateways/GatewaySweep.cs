namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>Removes what nobody will ask for any more: old tickets, and connections that were redeemed and never opened.</summary>
internal sealed class GatewaySweep(GatewayStore gateways, TimeProvider time, ILogger<GatewaySweep> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(Interval, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await gateways.SweepAsync();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.SweepFailed(Interval, e);
            }
        }
    }
}
