using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>The leader sends what was sealed since to the syslog server; without one it only says so in the database.</summary>
internal sealed class SyslogLoop(LeaseKeeper lease, ExportToSyslog export, IOptions<AuditSyslogOptions> options, TimeProvider time, ILogger<SyslogLoop> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(options.Value.Every, time);
        try
        {
            while (await tick.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    while (lease.Epoch is not null && await export.RunOnceAsync(stoppingToken)) { }
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.SyslogBroke(options.Value.Every, e); }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops; the next leader goes on at the stored position.
        }
    }
}
