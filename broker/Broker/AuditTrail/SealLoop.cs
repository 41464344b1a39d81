using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.AuditTrail;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>The leader seals every second what was written since; while there is nothing it asks one small question.</summary>
internal sealed class SealLoop(LeaseKeeper lease, SealAudit seal, AuditFaults faults, TimeProvider time, ILogger<SealLoop> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private BatchHead? _newest;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(Pause, time);
        try
        {
            while (await tick.WaitForNextTickAsync(stoppingToken))
            {
                if (lease.Epoch is null)
                {
                    _newest = null;   // another node adds heads now
                    continue;
                }
                try
                {
                    if (_newest is not null && !await seal.HoldsAsync(_newest))
                    {
                        log.Shortened(_newest.BatchNo);
                        await faults.KeepAsync("shortened", _newest.BatchNo);
                        return;
                    }
                    while (lease.Epoch is not null && await seal.RunOnceAsync() is { } head) _newest = head;
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.SealFailed(Pause, e); }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops; what waits is sealed by the next leader.
        }
    }
}
