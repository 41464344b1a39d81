using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>
/// The leader's loop: changes ring it, the sweep repairs what no change told of. Steps of different machines run side by
/// side; the claim statement and the hypervisors' own bounds decide how many.
/// </summary>
internal sealed class ProvisioningLoop(
    LeaseKeeper lease, ChangePump pump, HypervisorDirectory hosts, PowerStore power, PoolStore pools, OperationStore operations, ReconcilePool reconcile, RecoverHosts recover, MoveStore moves, PlanWakes wakes, TakeStep takeStep,
    IOptions<ProvisioningOptions> options, TimeProvider time, ILogger<ProvisioningLoop> log) : BackgroundService
{
    private const int MostStepsAtOnce = 64;
    private const int MostStepsOfOneHost = 8;   // a host that hangs holds these and no more
    private static readonly TimeSpan RetryFaultedAfter = TimeSpan.FromMinutes(5);
    private readonly TouchedPools _touched = new();
    private readonly Bell _bell = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listening = ListenAsync(stoppingToken);
        var running = new Dictionary<Task, Guid?>();
        long? epochSeen = null;
        var looked = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (lease.Epoch is { } epoch)
                {
                    if (epochSeen != epoch)
                    {
                        await hosts.RefreshAsync(stoppingToken);
                        await operations.TakeOverAsync();
                        _touched.AddAll();
                    }
                    epochSeen = epoch;
                    if (time.GetElapsedTime(looked) >= options.Value.Sweep)
                    {
                        _touched.AddAll();
                        looked = time.GetTimestamp();
                    }
                    await PassAsync(running, epoch, stoppingToken);
                }
                await WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { break; }
            catch (Exception e)
            {
                log.PassFailed(options.Value.Sweep, e);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        await Task.WhenAll(running.Keys.Append(listening)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task PassAsync(Dictionary<Task, Guid?> running, long epoch, CancellationToken ct)
    {
        var schedules = await power.SchedulesAsync(ct);
        await power.CloseAsync(schedules, ct);
        await recover.RunAsync(ct);
        await moves.PlanAsync(ct);
        await ReconcileAsync(schedules, ct);
        await wakes.RunAsync(schedules, ct);
        await pools.RemoveEmptyPoolsAsync(ct);
        await operations.RetryFaultedAsync(RetryFaultedAfter, ct);
        foreach (var done in running.Keys.Where(t => t.IsCompleted).ToList()) running.Remove(done);
        while (running.Count < MostStepsAtOnce && await operations.ClaimAsync(options.Value.ParallelPerHost, Busy(running)) is { } due)
            running.Add(Task.Run(() => takeStep.RunAsync(due, epoch, ct), ct), due.HostId);
    }

    private async Task ReconcileAsync(IReadOnlyDictionary<PoolId, PowerSchedule> schedules, CancellationToken ct)
    {
        var (all, touched, machines) = _touched.Take();
        try
        {
            var near = all ? [] : touched.Concat(machines.Length == 0 ? [] : await pools.OfMachinesAsync(machines, ct)).ToHashSet();
            foreach (var pool in await pools.WantedAsync(schedules, ct))
                if (all || pool.IsUnsettled || near.Contains(pool.PoolId)) await reconcile.RunAsync(pool, ct);
        }
        catch
        {
            _touched.AddAll();   // what was taken was not looked at
            throw;
        }
    }

    private static Guid[] Busy(Dictionary<Task, Guid?> running) =>
        [.. running.Values.OfType<Guid>().GroupBy(host => host).Where(steps => steps.Count() >= MostStepsOfOneHost).Select(steps => steps.Key)];

    // Wakes at a change (the end of a step is one too), or after a pause in which a back-off may have run out.
    private async Task WaitAsync(CancellationToken ct)
    {
        await _bell.WaitAsync(TimeSpan.FromSeconds(Math.Min(2, options.Value.Sweep.TotalSeconds)), ct);
        ct.ThrowIfCancellationRequested();
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await foreach (var batch in pump.Subscribe(ct))
            if (_touched.Add(batch)) _bell.Ring();
    }
}
