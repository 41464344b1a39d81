using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Benchmarks.Brokers;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig.Postgres;
using Montalegre.Vdi.Rig.Stack;
using Target = Montalegre.Vdi.Benchmarks.Figures.Target;

namespace Montalegre.Vdi.Benchmarks.Pools;

/// <summary>Pools that run themselves: refills and queues against the ideal that the hosts allow, and one pass over ten thousand machines.</summary>
internal static class PoolsBenchmark
{
    private const int Wanted = 100, Ready = 50, Queued = 200, Launches = 500;
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60), Patience = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(CancellationToken ct)
    {
        await using var cluster = await Cluster.StartAsync();
        await PassAsync(cluster, ct);
        await Cluster.SeedAsync(cluster, "pools", PoolsSeed.Sql, ct);
        var state = Directory.CreateTempSubdirectory("montalegre-bench-").FullName;
        try
        {
            await using var worker = await Worker.StartAsync("pools",
            [
                .. RunningBroker.Settings(cluster, "pools", state), "--Provisioning:EnrolmentUrl=https://127.0.0.1:1", "--Provisioning:ChannelUrl=https://127.0.0.1:2",
                $"--Provisioning:ParallelPerHost={PoolsSeed.AtOnce}", $"--Provisioning:MostParallelPerHost={PoolsSeed.AtOnce}",
            ], ct);
            await LeadsAsync(cluster, ct);
            await RefillAsync(cluster, ct);
            using var people = new People(worker.Ready.Split(' ')[0], Path.Combine(state, "authority.pem"));
            await MorningAsync(cluster, people, ct);
            await QueueAsync(cluster, people, ct);
        }
        finally { Directory.Delete(state, recursive: true); }
    }

    /// <summary>Seconds that so many starts take at best: full turns of all hosts.</summary>
    private static double Ideal(int machines) => Math.Ceiling(machines / (double)(PoolsSeed.Hosts * PoolsSeed.AtOnce)) * PoolsWorker.Start.TotalSeconds;

    private static async Task PassAsync(TemporaryCluster cluster, CancellationToken ct)
    {
        await Cluster.SeedAsync(cluster, "scale", PoolsSeed.TenThousand, ct);
        SqlTypes.Register();
        await using var source = DataSources.ForBrokering(cluster.ConnectionString(DatabaseAddress.AppRole, "scale"), connections: 4);
        var pools = new PoolStore(source);
        var reconcile = new ReconcilePool(pools, new PowerStore(source), Options.Create(new ProvisioningOptions()), TimeProvider.System, NullLogger<ReconcilePool>.Instance);
        var times = new List<double>();
        for (var round = 0; round < 8; round++)
        {
            var from = Stopwatch.GetTimestamp();
            foreach (var pool in await pools.WantedAsync(new Dictionary<PoolId, PowerSchedule>(), ct)) await reconcile.RunAsync(pool, ct);
            times.Add(Stopwatch.GetElapsedTime(from).TotalSeconds);
        }
        Report.Print(new("pools.pass-of-10000", times[1..].Order().ElementAt(times.Count / 2), "s", "limit", 1, Target.AtMost(1)));
    }

    private static Task LeadsAsync(TemporaryCluster cluster, CancellationToken ct) =>
        UntilAsync(async () => await CountAsync(cluster, $"select count(*) from host_reading where reached") == PoolsSeed.Hosts, ct);

    private static async Task RefillAsync(TemporaryCluster cluster, CancellationToken ct)
    {
        var from = Stopwatch.GetTimestamp();
        await ResizeAsync(cluster, PoolsSeed.Refill, Wanted);
        await UntilAsync(async () => await ReadyAsync(cluster, PoolsSeed.Refill) == Wanted, ct);
        Report.Print(new("pools.refill-of-100", Stopwatch.GetElapsedTime(from).TotalSeconds, "s", "ideal", Ideal(Wanted), Target.RatioAtMost(1.15)));
        Report.Note($"pools: {PoolsSeed.Hosts} hosts of {PoolsSeed.AtOnce} at once, {PoolsWorker.Start.TotalSeconds} s a start; load {Report.Load()}");
    }

    private static async Task MorningAsync(TemporaryCluster cluster, People people, CancellationToken ct)
    {
        await people.LaunchAsync(PoolsSeed.Refill, 600, ct);   // compiles the way
        var (running, from) = (new List<Task<double>>(), Stopwatch.GetTimestamp());
        for (var n = 0; n < Launches; n++)
        {
            var due = Minute * n / Launches;
            if (due - Stopwatch.GetElapsedTime(from) is { Ticks: > 0 } early) await Task.Delay(early, ct);
            var person = n;
            running.Add(Task.Run(async () =>
            {
                await people.LaunchAsync(PoolsSeed.Morning, person, ct);
                return (Stopwatch.GetElapsedTime(from) - due).TotalMilliseconds;
            }, ct));
        }
        var times = (await Task.WhenAll(running)).Order().ToArray();
        Report.Print(new("pools.morning.p99", times[(int)Math.Ceiling(times.Length * 0.99) - 1], "ms", "limit", 50, Target.AtMost(50)));
        var twice = await CountAsync(cluster, "select count(*) from (select machine_id from session where state <> 'ended' group by machine_id having count(*) > 1) twice");
        var sessions = await CountAsync(cluster, $"select count(*) from session where pool_id = '{PoolsSeed.Morning}'");
        Report.Note($"pools: {Launches} launches in a minute onto as many machines: {sessions} sessions, {twice} machines given twice, p50 {times[times.Length / 2]:0.0} ms; load {Report.Load()}");
        if (twice != 0 || sessions != Launches) throw new InvalidOperationException("A machine was given twice, or a launch made no session; see the line above.");
    }

    private static async Task QueueAsync(TemporaryCluster cluster, People people, CancellationToken ct)
    {
        await ResizeAsync(cluster, PoolsSeed.Queue, Ready);
        await UntilAsync(async () => await ReadyAsync(cluster, PoolsSeed.Queue) == Ready, ct);
        var from = Stopwatch.GetTimestamp();
        await ResizeAsync(cluster, PoolsSeed.Queue, Queued);
        await Task.WhenAll(Enumerable.Range(0, Queued).Select(person => people.LaunchAsync(PoolsSeed.Queue, person, ct)));
        var took = Stopwatch.GetElapsedTime(from).TotalSeconds;
        Report.Print(new("pools.queue-of-200", took, "s", "ideal", Ideal(Queued - Ready), Target.RatioAtMost(1.3)));
        Report.Note($"pools: {await CountAsync(cluster, $"select count(*) from machine where pool_id = '{PoolsSeed.Queue}'")} machines for {Queued} people; load {Report.Load()}");
    }

    private static Task<string> ResizeAsync(TemporaryCluster cluster, Guid pool, int size) =>
        cluster.SqlAsync("pools", $"update pool set size = {size} where pool_id = '{pool}';");

    private static Task<int> ReadyAsync(TemporaryCluster cluster, Guid pool) => CountAsync(cluster, $"select count(*) from machine where pool_id = '{pool}' and state = 'available'");

    private static async Task<int> CountAsync(TemporaryCluster cluster, string sql) => int.Parse((await cluster.SqlAsync("pools", sql + ";")).Trim(), CultureInfo.InvariantCulture);

    private static async Task UntilAsync(Func<Task<bool>> fact, CancellationToken ct)
    {
        for (var from = Stopwatch.GetTimestamp(); !await fact(); await Task.Delay(200, ct))
            if (Stopwatch.GetElapsedTime(from) > Patience) throw new InvalidOperationException($"It did not come to that within {Patience}.");
    }

    /// <summary>People who launch and wait in the queue until they have a ticket.</summary>
    private sealed class People(string address, string authorityFile) : IDisposable
    {
        private const int Gateways = 4;
        private readonly GrpcChannel[] _channels = [.. Enumerable.Range(0, Gateways).Select(_ => GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = StackTrust.Handler(authorityFile), DisposeHttpClient = true }))];

        public async Task LaunchAsync(Guid pool, int person, CancellationToken ct)
        {
            using var call = new Employee.EmployeeClient(_channels[person % Gateways]).Launch(
                new LaunchRequest { PoolId = pool.ToString(), RequestId = Guid.NewGuid().ToString(), ClientAddress = "192.0.2.1" },
                new Metadata { { "authorization", $"Bearer {PoolsSeed.TokenOf(person)}" } }, DateTime.UtcNow + Patience, ct);
            await foreach (var news in call.ResponseStream.ReadAllAsync(ct))
            {
                if (news.Ready is not null) return;
                if (news.Refused is not null) throw new InvalidOperationException($"Person {person} was refused: {news.Refused}.");
            }
            throw new InvalidOperationException($"Person {person}'s launch ended without a ticket.");
        }

        public void Dispose()
        {
            foreach (var channel in _channels) channel.Dispose();
        }
    }
}
