using System.Globalization;
using Montalegre.Vdi.Benchmarks.Brokers;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;

namespace Montalegre.Vdi.Benchmarks.AgentStreams;

/// <summary>What 5,000 agents cost a broker with a real database: memory, CPU to connect, CPU to be heard.</summary>
internal static class AgentBenchmark
{
    private const int Agents = 5_000;
    private const int WarmUp = 200;
    private const int BeatRounds = 10;
    private const string Database = "agents";

    // Measured on a machine of this class with a bare gRPC service over TLS without client certificates, logic or database.
    private const double PlainMemoryKiB = 73;
    private const double PlainConnectMilliseconds = 1.8;
    private const double PlainBeatsPerCore = 1e6 / 45;

    private static readonly string Seed = $"""
        insert into pool (pool_id, name, kind, size) values (gen_random_uuid(), 'Pool', 'manual', {Agents});
        insert into machine (machine_id, pool_id, name, ordinal, manual, state, generation)
             select gen_random_uuid(), pool_id, 'machine-' || n, n, true, 'available', 1
               from pool, generate_series(0, {Agents - 1}) n;
        truncate change;
        vacuum (analyze);
        """;

    public static async Task RunAsync(CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("montalegre-agents-").FullName;
        try
        {
            await using var cluster = await Cluster.StartAsync();
            await Cluster.SeedAsync(cluster, Database, Seed, ct);
            // A slow heartbeat, so that a busy machine is not measured while it cuts streams for silence.
            await using var broker = await RunningBroker.StartAsync(cluster, Database, ct, "--Agents:HeartbeatEvery=00:02:00");
            var machines = (await cluster.SqlAsync(Database, "select machine_id from machine;")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse).ToList();
            var identities = Path.Combine(directory, "identities");
            await AgentIdentities.WriteAsync(identities, cluster, Database, broker, machines, directory, ct);
            await using var agents = await Worker.StartAsync("agents", [identities, broker.ChannelAddress, broker.AuthorityFile], ct);
            await MeasureAsync(broker, agents, ct);
            var connected = await cluster.SqlAsync(Database, "select count(*) from machine_agent where connected;");
            if (int.Parse(connected, CultureInfo.InvariantCulture) != Agents) throw new InvalidOperationException($"The database knows {connected.Trim()} connected agents instead of {Agents}.");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureAsync(RunningBroker broker, Worker agents, CancellationToken ct)
    {
        await agents.AskAsync($"connect {WarmUp}", TimeSpan.FromSeconds(60), ct);
        await agents.AskAsync("close", TimeSpan.FromSeconds(30), ct);
        await broker.SettleAsync(ct);
        var (empty, before) = (Usage.MemoryKiB(broker.ProcessId), Usage.CpuSeconds(broker.ProcessId));

        var took = await agents.AskAsync($"connect {Agents}", TimeSpan.FromSeconds(150), ct);
        var connect = (Usage.CpuSeconds(broker.ProcessId) - before) * 1000 / Agents;
        await broker.SettleAsync(ct);
        var memory = (Usage.MemoryKiB(broker.ProcessId) - empty) / (double)Agents;

        before = Usage.CpuSeconds(broker.ProcessId);
        var beats = int.Parse(await agents.AskAsync($"beat {BeatRounds}", TimeSpan.FromSeconds(120), ct), CultureInfo.InvariantCulture);
        await Task.Delay(TimeSpan.FromSeconds(1), ct);   // the last round is on its way
        var perCore = beats / (Usage.CpuSeconds(broker.ProcessId) - before);
        var open = await agents.AskAsync("open", TimeSpan.FromSeconds(30), ct);
        if (int.Parse(open, CultureInfo.InvariantCulture) != Agents) throw new InvalidOperationException($"Only {open} of {Agents} streams are still open.");

        Report.Print(new("agents.memory", memory, "KB", "plain-TLS", PlainMemoryKiB, Target.RatioAtMost(1.5)));
        Report.Print(new("agents.connect-cpu", connect, "ms", "plain-TLS", PlainConnectMilliseconds, Target.RatioAtMost(2)));
        Report.Print(new("agents.heartbeats", perCore, "per-core-s", "plain-TLS", PlainBeatsPerCore, Target.RatioAtLeast(0.5)));
        Report.Note($"agents: {Agents} streams with mutual TLS, all up in {took}, empty broker {empty / 1024} MiB; load {Report.Load()}");
    }
}
