using System.Globalization;
using Dapper;
using Montalegre.Vdi.Benchmarks.Brokers;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Rig.Postgres;
using Npgsql;

namespace Montalegre.Vdi.Benchmarks.Launches;

/// <summary>Launches through the real broker against its bare SQL statement, on two copies of one database of one cluster.</summary>
internal static class LaunchBenchmark
{
    private const int Concurrency = 16;
    private const int PacedRate = 500;
    private const int EnoughToCompile = 10_000;   // until then the compiler costs more than the launches
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);      // compiles the hot path
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan BareWarmUp = TimeSpan.FromSeconds(2);  // fills the caches

    public static async Task RunAsync(CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("montalegre-pgbench-").FullName;
        try
        {
            await using var cluster = await Cluster.StartAsync();
            await Cluster.SeedAsync(cluster, "seeded", LaunchSeed.Sql, ct);
            await cluster.CreateDatabaseAsync("bare", "seeded");
            await cluster.CreateDatabaseAsync("brokered", "seeded");
            await cluster.SqlAsync("postgres", "checkpoint;");

            var (bareRate, bareP99) = await BareAsync(cluster, directory, ct);
            var (rate, latencies) = await BrokeredAsync(cluster, ct);
            Report.Print(new("launch.rate", rate, "launches/s", "pgbench", bareRate, Target.RatioAtLeast(0.5)));
            Report.Print(new("launch.p99-at-500/s", Percentile(latencies, 0.99), "ms", "pgbench", bareP99, Target.AtMost(50)));
            Report.Note($"launch: {Concurrency} at once, {LaunchSeed.Machines} machines, {LaunchSeed.Pools} pools; p50 {Percentile(latencies, 0.5):0.0} ms, p95 {Percentile(latencies, 0.95):0.0} ms of {latencies.Length} paced launches; load {Report.Load()}");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<(double Rate, double P99)> BareAsync(TemporaryCluster cluster, string directory, CancellationToken ct)
    {
        var pgbench = new Pgbench(cluster, "bare", Concurrency, directory);
        await pgbench.FlatOutAsync(BareWarmUp, ct);
        var rate = await pgbench.FlatOutAsync(Measured, ct);
        var latencies = await pgbench.PacedAsync(PacedRate, Measured, ct);
        await HoldsAsync(cluster, "bare", pgbench.Done);
        return (rate, Percentile(latencies, 0.99));
    }

    private static async Task<(double Rate, double[] Latencies)> BrokeredAsync(TemporaryCluster cluster, CancellationToken ct)
    {
        await using var broker = await RunningBroker.StartAsync(cluster, "brokered", ct);
        using var load = new LaunchLoad(broker.ApiAddress, broker.AuthorityFile);
        // A busy machine compiles slowly: the warm-up goes on until enough launches went through, within a bound.
        for (var round = 0; round < 12 && load.Promised.Count < EnoughToCompile; round++) await load.FlatOutAsync(Concurrency, WarmUp, ct);
        var (cpu, before) = (Usage.CpuSeconds(broker.ProcessId), load.Promised.Count);
        var rate = await load.FlatOutAsync(Concurrency, Measured, ct);
        // Steadier than the rate where other work shares the machine.
        Report.Note($"launch: the broker used {(Usage.CpuSeconds(broker.ProcessId) - cpu) * 1000 / (load.Promised.Count - before):0.000} CPU seconds per 1,000 launches");
        var latencies = await load.PacedAsync(PacedRate, Measured, ct);
        Report.Note($"launch: {load.Repeated} attempts were repeated because the broker was too busy");
        await HoldsAsync(cluster, "brokered", load.Promised.Count);
        await KeptAsync(cluster, [.. load.Promised]);
        return (rate, latencies);
    }

    // INVARIANT: one machine, one open session; and every launch that was answered made exactly one.
    private static async Task HoldsAsync(TemporaryCluster cluster, string database, int launches)
    {
        var counted = (await cluster.SqlAsync(database, """
            select (select count(*) from (select machine_id from session where state <> 'ended' group by machine_id having count(*) > 1) twice),
                   (select count(*) from session),
                   (select count(*) from machine where state = 'reserved');
            """)).Trim().Split('|').Select(t => int.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        Report.Note($"launch: {database}: {launches} launches answered, {counted[1]} sessions, {counted[2]} machines reserved, {counted[0]} machines in two sessions");
        if (counted[0] != 0 || counted[1] != launches || counted[2] != launches)
            throw new InvalidOperationException($"The invariants do not hold in {database}: see the line above.");
    }

    private static async Task KeptAsync(TemporaryCluster cluster, Guid[] promised)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString("montalegre_app", "brokered"));
        var found = await connection.ExecuteScalarAsync<int>("select count(*)::integer from session where session_id = any(@promised)", new { promised });
        if (found != promised.Length) throw new InvalidOperationException($"{promised.Length - found} sessions were promised and are not in the database.");
    }

    private static double Percentile(double[] values, double at) => values.Order().ElementAt((int)Math.Ceiling(values.Length * at) - 1);
}
