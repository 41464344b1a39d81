using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>Ends assistances whose time, sign-in, right, session or connection is over. The database's clock decides; every node may ask it.</summary>
internal sealed class AssistanceSweep(AssistanceStore store, ChangePump pump, IOptions<AssistanceOptions> options, TimeProvider time, ILogger<AssistanceSweep> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(options.Value.CompareEvery, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await store.CompareAsync() is not (> 0 and var over)) continue;
                log.AssistancesOver(over);
                pump.Ring();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.ComparingFailed(options.Value.CompareEvery, e);
            }
        }
    }
}
