using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Tasks;

/// <summary>The leader forgets tasks that ended long ago, with their lines and their operations.</summary>
internal sealed class ForgetTasks(LeaseKeeper lease, TaskStore tasks, TimeProvider time, ILogger<ForgetTasks> log) : BackgroundService
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30), Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                while (lease.Epoch is not null && await tasks.ForgetAsync(Kept, stoppingToken) > 0) await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.TasksNotForgotten(Every, e); }
        }
        while (await tick.WaitForNextTickAsync(stoppingToken));
    }
}

internal static partial class TasksLog
{
    [LoggerMessage(5901, LogLevel.Warning, "Old tasks could not be forgotten; trying again in {After}")]
    public static partial void TasksNotForgotten(this ILogger log, TimeSpan after, Exception e);
}
