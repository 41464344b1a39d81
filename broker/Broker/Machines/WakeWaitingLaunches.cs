using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>Rings the bell of every pool in which a machine became free, so that whoever waits gets it at once.</summary>
internal sealed class WakeWaitingLaunches(ChangePump pump, MachineStore machines, LaunchDoorbell doorbell) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var batch in pump.Subscribe(stoppingToken))
        {
            var touched = batch.Ids(["machine"]).ToArray();
            if (touched.Length == 0) continue;
            foreach (var pool in await machines.PoolsWithFreeAsync(touched, stoppingToken)) doorbell.Ring(pool);
        }
    }
}
