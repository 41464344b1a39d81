using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Reports;

/// <summary>Counts, again and again, what hosts are estimated to draw.</summary>
internal sealed class EnergyMeter(EnergyStore store, IOptions<EnergyOptions> options, TimeProvider time, ILogger<EnergyMeter> log) : BackgroundService
{
    private const int CountsBetweenForgetting = 1000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(options.Value.CountEvery, time);
        for (var counts = 1; await tick.WaitForNextTickAsync(stoppingToken); counts++)
        {
            try
            {
                await store.CountAsync();
                if (counts % CountsBetweenForgetting == 0) await store.ForgetAsync();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.EnergyNotCounted(options.Value.CountEvery, e); }
        }
    }
}
