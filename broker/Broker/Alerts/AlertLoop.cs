using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>The leader's loop: changes ring it, and the clock, because silence rings nothing.</summary>
internal sealed class AlertLoop(LeaseKeeper lease, ChangePump pump, LookForAlerts look, ApplyAlerts apply, IOptions<AlertsOptions> options, TimeProvider time, ILogger<AlertLoop> log) : BackgroundService
{
    private static readonly TimeSpan Gather = TimeSpan.FromSeconds(2);   // a storm of events costs a pass each two seconds
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);
    private readonly Bell _bell = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listening = ListenAsync(stoppingToken);
        long? forgot = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (lease.Epoch is { } epoch)
                {
                    await look.RunAsync(epoch, stoppingToken);
                    if (forgot is null || time.GetElapsedTime(forgot.Value) >= ForgetEvery)
                    {
                        forgot = time.GetTimestamp();
                        await apply.ForgetAsync(TimeSpan.FromDays(options.Value.KeepDays));
                    }
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.PassFailed(options.Value.LookEvery, e); }
            await Task.Delay(Gather, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _bell.WaitAsync(options.Value.LookEvery, stoppingToken);
        }
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await foreach (var batch in pump.Subscribe(ct))
            if (batch.Lost || batch.Touches("machine", "pool", "rollout")) _bell.Ring();
    }
}
