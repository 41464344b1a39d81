using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>Takes the nightly backup. Looks each minute at what is due, so that a broker that was off at night catches up when it starts.</summary>
internal sealed class BackupSchedule(BackupStore backups, TakeBackup take, UpgradeCluster upgrade, IOptions<BackupOptions> options, IOptions<StorageOptions> storage, TimeProvider time, ILogger<BackupSchedule> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMinutes(30);

    /// <summary>The newest time of day at which a backup should have begun.</summary>
    public static DateTimeOffset LastDue(DateTimeOffset now, TimeOnly at)
    {
        var today = new DateTimeOffset(now.Date + at.ToTimeSpan(), now.Offset);
        return today <= now ? today : today.AddDays(-1);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!storage.Value.IsPrivate || !options.Value.Enabled) return;
        using var tick = new PeriodicTimer(Look, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (!IsDue()) continue;
                upgrade.RemoveExpired();
                await take.RunAsync(stoppingToken);   // none while the command takes one: the next look sees what has become of it
            }
            catch (StartUpException)
            {
                // TakeBackup has logged it and keeps it for the status; the next try is in half an hour.
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.ScheduleFailed(e);
            }
        }
    }

    private bool IsDue()
    {
        if (BackupFile.Read<BackupFailure>(backups.FailureFile) is { } failure && time.GetUtcNow() - failure.At < AfterFailure) return false;
        return !(backups.All() is [.., var last] && last.At >= LastDue(time.GetLocalNow(), options.Value.TimeOfDay));
    }
}
