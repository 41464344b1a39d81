using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>The leader's loop over open roll-outs: changes ring it, and the clock, because deadlines ring nothing.</summary>
internal sealed class RolloutLoop(LeaseKeeper lease, ChangePump pump, AdvanceRollout advance, TimeProvider time, ILogger<RolloutLoop> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(250);   // changes come in bursts
    private readonly Bell _bell = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listening = ListenAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (lease.Epoch is not null && await advance.RunAsync(stoppingToken)) await Task.Delay(Gather, time, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.PassFailed(Pause, e); }
            await WaitAsync(stoppingToken);
        }
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WaitAsync(CancellationToken ct)
    {
        await _bell.WaitAsync(Pause, ct);
        await Task.Delay(Gather, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await foreach (var batch in pump.Subscribe(ct))
            if (batch.Lost || batch.Touches("rollout", "machine", "operation", "session")) _bell.Ring();
    }
}
