using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>Liveness lives in memory; only its changes, and now and then its times, are written, in sorted batches.</summary>
internal sealed class AgentWatch(
    AgentDirectory directory, AgentStore agents, CommandEpoch epoch, Node node, IOptions<AgentOptions> options, TimeProvider time, ILogger<AgentWatch> log) : BackgroundService
{
    private const int Batch = 500;
    private static readonly TimeSpan HoldLifetime = TimeSpan.FromSeconds(60);

    private long _seenWritten = time.GetTimestamp();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = time.GetTimestamp();
        using var tick = new PeriodicTimer(options.Value.HeartbeatEvery / 2, time);
        do
        {
            try
            {
                await RunOnceAsync(orphans: time.GetElapsedTime(started) >= options.Value.ReturnWithin);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.WatchFailed(tick.Period, e);
            }
        }
        while (await tick.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One look at every agent. <paramref name="orphans"/> once the agents of a stopped node had time to come back.</summary>
    public async Task RunOnceAsync(bool orphans)
    {
        epoch.Learn(await agents.HoldAsync(node.Id, HoldLifetime));
        await WriteSilentAsync();
        await WriteSeenAsync();
        if (!orphans) return;
        var machines = await agents.SilenceOrphansAsync(node.Id);
        if (machines > 0) log.AgentsOfStoppedNode(machines);
    }

    private async Task WriteSilentAsync()
    {
        directory.CutSilent(options.Value.Silence);
        var lost = directory.Lost.Where(l => time.GetElapsedTime(l.Value) >= options.Value.Silence).ToDictionary(l => l.Key, l => l.Value);
        foreach (var batch in lost.Keys.Chunk(Batch))
        {
            // Half the time is the database's own: a hello that came in meanwhile is younger than that.
            var written = await agents.SilenceAsync(batch, node.Id, options.Value.Silence / 2);
            foreach (var (machine, changed) in written)
            {
                directory.Forget(machine);
                if (changed) log.MachineUnreachable(machine, options.Value.Silence);
            }
        }
        // What the statement did not find in several rounds is deleted, or held by another node by now.
        foreach (var (machine, heard) in lost)
            if (time.GetElapsedTime(heard) >= options.Value.Silence * 4) directory.Forget(machine);
    }

    private async Task WriteSeenAsync()
    {
        if (time.GetElapsedTime(_seenWritten) < options.Value.WriteSeenEvery) return;
        _seenWritten = time.GetTimestamp();
        var heard = directory.HeardWithin(options.Value.HeartbeatEvery * 2);
        foreach (var batch in heard.OrderBy(m => m.Value).Chunk(Batch)) await agents.SeenAsync(batch, node.Id);
    }
}
