using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>Says which sleeping computers of manual pools are to be woken: those that people wait for, and those that a schedule wants.</summary>
internal sealed class PlanWakes(WakeStore wakes, PoolStore pools, PowerStore power, IOptions<WakeOptions> options, ILogger<PlanWakes> log)
{
    /// <summary>What did not wake, or did not stay awake, is not tried again for a schedule or for whoever takes any computer.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan FarthestRampUp = TimeSpan.FromHours(1);
    private const int AllAtOnce = 100_000;   // computers have no host that bounds how many start together

    public async Task RunAsync(IReadOnlyDictionary<PoolId, PowerSchedule> schedules, CancellationToken ct)
    {
        var woken = await wakes.WakeAwaitedAsync(options.Value.GiveUpAfter, Pause);
        if (woken > 0) log.ComputersWoken(woken);
        if (schedules.Count == 0) return;
        var now = await power.NowAsync(ct);
        foreach (var pool in await wakes.ScheduledAsync(schedules.Keys, Pause, ct))
            if (await WantedAsync(pool, schedules[pool.Pool], now, ct) is { Count: > 0 } wanted)
            {
                await wakes.WakeScheduledAsync(wanted, options.Value.GiveUpAfter);
                log.ComputersWoken(wanted.Count);
            }
    }

    // Whoever counts computers says how many are ready. "Everything" is what a pool without a schedule has, and no wish to wake all.
    private async Task<List<MachineId>> WantedAsync(ScheduledComputers pool, PowerSchedule schedule, DateTimeOffset now, CancellationToken ct)
    {
        var start = await pools.StartTimeAsync(pool.Pool, AllAtOnce, ct);
        var spare = schedule.WithRampUp(now, pool.Size, start.Of, FarthestRampUp).Spare;
        var lacking = spare.Value is null ? 0 : spare.Of(pool.Size) - pool.Ready;
        var owned = pool.Sleeping.Where(c => c.Owner is not null).ToList();
        var arrivals = owned.Count == 0 ? null : await power.ArrivalsAsync(pool.Pool, [.. owned.Select(c => c.Owner!.Value)], ct);
        return [.. pool.Sleeping.Where(c => c.Owner is null).Take(Math.Max(0, lacking)).Select(c => c.Machine),
            .. owned.Where(c => schedule.IsExpected([.. arrivals![c.Owner!.Value]], now, start.Of(1))).Select(c => c.Machine)];
    }
}
