using System.Threading.Channels;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>The leader's loop over open roll-outs: changes ring it, and the clock, because deadlines ring nothing.</summary>
internal sealed class RolloutLoop(LeaseKeeper lease, ChangePump pump, AdvanceRollout advance, TimeProvider time, ILogger<RolloutLoop> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(250);   // changes come in bursts
    private readonly Channel<bool> _rings = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

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
            await Task.WhenAny(_rings.Reader.ReadAsync(stoppingToken).AsTask(), Task.Delay(Pause, time, stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Delay(Gather, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await foreach (var batch in pump.Subscribe(ct))
            if (batch.Lost || batch.Touches("rollout", "machine", "operation", "session")) _rings.Writer.TryWrite(true);
    }
}
