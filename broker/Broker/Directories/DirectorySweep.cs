using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Reads each directory when it is due; of several nodes one does.</summary>
internal sealed class DirectorySweep(DirectoryStore store, SyncDirectory sync, IOptions<DirectoriesOptions> options, TimeProvider time, ILogger<DirectorySweep> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(options.Value.LookEvery, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                foreach (var due in await store.TakeDueAsync())
                    if (await store.FindAsync(due, stoppingToken) is { } directory) await sync.RunAsync(directory, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.DirectorySweepFailed(options.Value.LookEvery, e); }
        }
    }
}
