using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>Rings the bell of every pool in which a machine became free, so that whoever waits gets it at once. A database that is away is waited for.</summary>
internal sealed class WakeWaitingLaunches(ChangePump pump, MachineStore machines, LaunchDoorbell doorbell, TimeProvider time, ILogger<WakeWaitingLaunches> log) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var batch in pump.Subscribe(stoppingToken))
        {
            var touched = batch.Ids(["machine"]).ToArray();
            while (touched.Length > 0 && !await TryRingAsync(touched, stoppingToken)) await Task.Delay(RetryDelay, time, stoppingToken);
        }
    }

    private async Task<bool> TryRingAsync(Guid[] touched, CancellationToken ct)
    {
        try
        {
            foreach (var pool in await machines.PoolsWithFreeAsync(touched, ct)) doorbell.Ring(pool);
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.NobodyWoken(RetryDelay, e);
            return false;
        }
    }
}
