using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>The leader sends what is due: a change of an alert rings it, and the clock, because waiting ends by itself.</summary>
internal sealed class DeliveryLoop(LeaseKeeper lease, ChangePump pump, SendAlerts send, TimeProvider time, ILogger<DeliveryLoop> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private readonly Bell _bell = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listening = ListenAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (lease.Epoch is not null && await send.RunOnceAsync(stoppingToken)) { }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.DeliveryFailed(Pause, e); }
            await _bell.WaitAsync(Pause, stoppingToken);
            await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await foreach (var batch in pump.Subscribe(ct))
            if (batch.Lost || batch.Touches("alert")) _bell.Ring();
    }
}
