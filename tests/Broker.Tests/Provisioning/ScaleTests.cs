using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Assistance;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig.Postgres;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>
/// A hundred thousand machines: what the broker asks again and again is answered by indexes and from few pages, as
/// PostgreSQL itself explains every statement that ran. Pages and not times: they are the same on a busy machine.
/// </summary>
public sealed class ScaleTests : IAsyncLifetime
{
    private const int Pools = 20, MachinesOfPool = 5000, Hosts = 250;
    private const int MostPages = 1500;      // some 2 ms from memory
    private const int TimesUntilThePlanIsKept = 12;   // two of the driver's until it prepares, five of the server's until it keeps one plan
    private const string Patience = ";Timeout=60;Command Timeout=300";   // pages are counted, not seconds
    private const int FewRows = 1000;        // of a small table, all of it is the quickest way
    private static readonly string[] Big = ["machine", "machine_agent", "session", "operation", "connection", "ticket", "audit_event", "app_user", "machine_start"];
    private readonly string _logs = Directory.CreateTempSubdirectory("montalegre-plans-").FullName;
    private TemporaryCluster _cluster = null!;
    private NpgsqlDataSource _database = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        SqlTypes.Register();
        File.SetUnixFileMode(_logs, (UnixFileMode)0b111_111_111);
        _cluster = await TemporaryCluster.StartAsync(durable: false,
            "logging_collector=on", $"log_directory={_logs}", "log_filename=plans.log", "log_file_mode=0644", "log_line_prefix=", "log_min_messages=log",
            "session_preload_libraries=auto_explain", "auto_explain.log_min_duration=-1", "auto_explain.log_analyze=on", "auto_explain.log_timing=off",
            "auto_explain.log_buffers=on", "auto_explain.log_format=json", "shared_buffers=512MB", "autovacuum=off");
        await _cluster.CreateDatabaseAsync("scale");
        await TestMigrations.RunAsync(_cluster.ConnectionString(DatabaseAddress.OwnerRole, "scale"), _cluster.ConnectionString(DatabaseAddress.AppRole, "scale"));
        await _cluster.SqlAsync("scale", Seed);
        await _cluster.SqlAsync("scale", "vacuum (analyze);");
        await _cluster.SqlAsync("postgres", "alter database scale set auto_explain.log_min_duration = 0;");
        _database = DataSources.ForBrokering(_cluster.ConnectionString(DatabaseAddress.AppRole, "scale") + Patience, connections: 4);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _cluster.DisposeAsync();
        Directory.Delete(_logs, recursive: true);
    }

    [Fact]
    public async Task What_is_asked_again_and_again_at_a_hundred_thousand_machines_reads_few_pages_by_index()
    {
        await SteadyStateAsync();

        var plans = await PlansAsync();
        Assert.InRange(plans.Count, 20, 10_000);      // the log was read
        var dear = plans.Where(p => p.Pages > MostPages || p.Scanned.Count > 0).Select(p => $"{p.Pages} pages ({string.Join("; ", p.Dear)}), reads the whole of [{string.Join(", ", p.Scanned)}]: {p.Query}").Distinct().ToList();
        Assert.True(dear.Count == 0, string.Join("\n\n", dear));
    }

    // A broker that has run since the installation was empty holds plans that were made for empty tables; statistics come
    // later than the people of a first morning. Autovacuum is off, so that nothing replaces the plan here.
    [Fact]
    public async Task Launch_whose_plan_was_made_while_nobody_had_a_session_reads_few_pages_among_sixty_thousand_sessions()
    {
        await _cluster.SqlAsync("scale", "create table kept_session as select * from session; truncate session cascade;");
        await _cluster.SqlAsync("scale", "vacuum (analyze) session, ticket, launch_request, logon_phase;");
        await using var one = DataSources.ForBrokering(_cluster.ConnectionString(DatabaseAddress.AppRole, "scale") + Patience, connections: 1);
        var launch = new LaunchStore(one);
        for (var n = 0; n < TimesUntilThePlanIsKept; n++) await LaunchAsync(launch, 10_000 + (10 * n));
        await _cluster.SqlAsync("scale", "set session_replication_role = replica; insert into session select * from kept_session on conflict do nothing;");
        var before = (await PlansAsync()).Count;
        await LaunchAsync(launch, 20_000);

        var plans = (await PlansAsync())[before..];
        var decision = plans.Single(p => p.Query.Contains("with offer as materialized", StringComparison.Ordinal));
        Assert.True(decision.Scanned.Count == 0 && decision.Pages <= MostPages, $"{decision.Pages} pages ({string.Join("; ", decision.Dear)}), reads the whole of [{string.Join(", ", decision.Scanned)}]");
        // Foreign keys keep plans too.
        Assert.All(plans, p => Assert.Empty(p.Scanned));

        static async Task LaunchAsync(LaunchStore launch, int user) => Assert.NotNull((await launch.TryAsync(
            new(new(Guid.NewGuid()), new(Id(4, user)), new(Id(1, 1 + (user / 5001))), null, new(Guid.NewGuid()), SHA256.HashData(Guid.NewGuid().ToByteArray()), TimeSpan.FromSeconds(30), 1 << 30))).TicketExpiresAt);
    }

    // Everything that runs by itself while nothing is wrong, and what every launch, agent and page asks; with the real stores.
    private async Task SteadyStateAsync()
    {
        var (pool, host, node) = (new PoolId(Id(1, 1)), new HostId(Id(2, 1)), Id(6, 1));
        var (pools, operations, agents) = (new PoolStore(_database), new OperationStore(_database), new AgentStore(_database));
        foreach (var wanted in (await pools.WantedAsync(new Dictionary<PoolId, PowerSchedule>(), Ct)).Take(2))
            await new ReconcilePool(pools, new PowerStore(_database), Options.Create(new ProvisioningOptions()), TimeProvider.System, NullLogger<ReconcilePool>.Instance).RunAsync(wanted, Ct);
        Assert.Single(await pools.OfMachinesAsync([Id(3, 1), Id(3, 2)], Ct));
        await pools.RemoveEmptyPoolsAsync(Ct);
        Assert.Equal(0, await operations.RetryFaultedAsync(TimeSpan.FromMinutes(5), Ct));
        Assert.Null(await operations.ClaimAsync(4));
        await new HostReadings(_database).KeepAsync(host, new(8, 262144, 100000, 1.5), new(4, 16));

        await new Lease(_database).HoldAsync(LeaseKeeper.Role, node);
        var changes = new ChangeStore(_database);
        await changes.ReadAsync(await changes.NowAsync(Ct), Ct);

        await agents.HoldAsync(node, TimeSpan.FromSeconds(60));
        await agents.SilenceOrphansAsync(node);
        await agents.SeenAsync([.. Enumerable.Range(1, 100).Select(n => new MachineId(Id(3, n)))], node);
        await agents.SilenceAsync([.. Enumerable.Range(1, 100).Select(n => new MachineId(Id(3, n)))], node, TimeSpan.FromSeconds(30));

        await new SessionStore(_database).NeverLoggedOnAsync(100, Ct);
        Assert.Empty(await new SessionStore(_database).DueAsync(new(node), TimeSpan.FromSeconds(30), 64, Ct));
        Assert.Empty(await new SessionStore(_database).ToGreetAsync(new(node), 64, Ct));
        await new GatewayStore(_database).SweepAsync();
        await new AssistanceStore(_database).CompareAsync();

        var launch = new LaunchStore(_database);
        var user = new UserId(Id(4, 90_000));
        var answer = await launch.TryAsync(new(new(Guid.NewGuid()), user, pool, null, new(Guid.NewGuid()), new byte[32], TimeSpan.FromSeconds(30), 1 << 30));
        Assert.NotNull(answer.TicketExpiresAt);
        await launch.WaitAsync(new(Guid.NewGuid()), new(Id(4, 90_001)), pool);
        await launch.LeaveQueueAsync(new(Id(4, 90_001)), pool);
        await launch.DesktopsAsync(user);
        await launch.GatewayDoorsAsync();
    }

    private async Task<List<(string Query, long Pages, List<string> Scanned, List<string> Dear)>> PlansAsync()
    {
        var text = await LogAsync();
        var plans = new List<(string, long, List<string>, List<string>)>();
        for (var at = text.IndexOf("\n\t{\n", StringComparison.Ordinal); at >= 0; at = text.IndexOf("\n\t{\n", at + 1, StringComparison.Ordinal))
        {
            var end = text.IndexOf("\n\t}\n", at, StringComparison.Ordinal);
            if (end < 0) break;
            using var plan = JsonDocument.Parse(text[at..(end + 4)].Replace("\n\t", "\n", StringComparison.Ordinal));
            var root = plan.RootElement.GetProperty("Plan");
            var (scanned, dear) = (new List<string>(), new List<string>());
            Walk(root, scanned, dear);
            plans.Add((plan.RootElement.GetProperty("Query Text").GetString() ?? "", root.GetProperty("Shared Hit Blocks").GetInt64() + root.GetProperty("Shared Read Blocks").GetInt64(), scanned, dear));
        }
        return plans;
    }

    // The server's collector writes the log when it comes to it, in the order of what was said: what was asked before the mark is there.
    private async Task<string> LogAsync()
    {
        var (log, mark) = (Path.Combine(_logs, "plans.log"), $"the log is written up to {Guid.NewGuid()}");
        await _cluster.SqlAsync("scale", $"do $$ begin raise log '{mark}'; end $$;");
        var text = "";
        await Storage.Eventually.IsTrueAsync(async () => (text = await File.ReadAllTextAsync(log, Ct)).Contains(mark, StringComparison.Ordinal), "the server's log up to the mark");
        return text[..text.IndexOf(mark, StringComparison.Ordinal)];
    }

    private static void Walk(JsonElement node, List<string> scanned, List<string> dear)
    {
        if (node.GetProperty("Node Type").GetString()!.Contains("Scan", StringComparison.Ordinal) && node.GetProperty("Shared Hit Blocks").GetInt64() is > 300 and var pages)
            dear.Add($"{pages} in {node.GetProperty("Node Type")} {Text("Relation Name")} {Text("Index Name")} {Text("Index Cond")} {Text("Filter")}");
        if (node.GetProperty("Node Type").GetString() == "Seq Scan" && Rows("Actual Rows") + Rows("Rows Removed by Filter") > FewRows
            && node.TryGetProperty("Relation Name", out var relation) && Big.Contains(relation.GetString())) scanned.Add(relation.GetString()!);
        if (node.TryGetProperty("Plans", out var below))
            foreach (var one in below.EnumerateArray()) Walk(one, scanned, dear);

        string Text(string name) => node.TryGetProperty(name, out var text) ? text.ToString() : "";

        double Rows(string name) => node.TryGetProperty(name, out var rows) ? rows.GetDouble() : 0;
    }

    private static Guid Id(int kind, int number) => Guid.Parse($"{kind:x8}-0000-4000-8000-{number:x12}");

    private static readonly string Seed = $"""
        set session_replication_role = replica;     -- no triggers: the rows are given
        create function pg_temp.id(kind int, n int) returns uuid language sql immutable as
            $f$ select (lpad(to_hex(kind), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $f$;
        insert into image_version (image_version_id, name, number, state, path) values (pg_temp.id(5, 1), 'golden', 1, 'ready', '/nowhere');
        insert into host (host_id, name, uri, network, storage_path) select pg_temp.id(2, n), 'host-' || n, 'test:///default', 'network:default', '/nowhere' from generate_series(1, {Hosts}) n;
        insert into host_reading (host_id, reached, memory_mib, free_memory_mib, starts_at_once) select pg_temp.id(2, n), true, 2000000, 1000000, 8 from generate_series(1, {Hosts}) n;
        insert into pool (pool_id, name, kind, size, idle_minutes, disconnected_minutes, message_of_the_day, most_sessions, image_version_id, machine_name_pattern) select pg_temp.id(1, n), 'pool ' || n, 'floating', {MachinesOfPool}, 30, 60, 'Bom dia', {MachinesOfPool}, pg_temp.id(5, 1), 'pool' || n || '-' || chr(123) || 'n' || chr(125) from generate_series(1, {Pools}) n;
        insert into pool_host (pool_id, host_id) select pg_temp.id(1, p), pg_temp.id(2, h) from generate_series(1, {Pools}) p, generate_series(1, {Hosts}) h where h % {Pools} = p % {Pools};
        insert into app_user (user_id, user_name, display_name) select pg_temp.id(4, n), 'user' || n, 'User ' || n from generate_series(1, 100000) n;
        insert into entitlement (pool_id, user_id) select pg_temp.id(1, 1 + n / 5001), pg_temp.id(4, n) from generate_series(1, 99999) n union select pg_temp.id(1, 1), pg_temp.id(4, 90000);
        insert into machine (machine_id, pool_id, name, ordinal, state, power, host_id, image_version_id, generation)
             select pg_temp.id(3, n), pg_temp.id(1, 1 + (n - 1) / {MachinesOfPool}), 'm' || n, 1 + (n - 1) % {MachinesOfPool}, case when n % 10 < 6 then 'in_use' else 'available' end, 'on',
                    pg_temp.id(2, 1 + n % {Hosts}), pg_temp.id(5, 1), 1 from generate_series(1, {Pools * MachinesOfPool}) n;
        insert into machine_agent (machine_id, connected, node_id, boot_id) select pg_temp.id(3, n), true, pg_temp.id(6, 1), 'b' from generate_series(1, {Pools * MachinesOfPool}) n;
        insert into lease (role, node_id, epoch, expires_at) values ('agents:' || pg_temp.id(6, 1), pg_temp.id(6, 1), 1, now() + interval '1 hour');
        insert into session (session_id, request_id, user_id, pool_id, machine_id, state, guest_session_id, last_input_at, started_at) select pg_temp.id(7, n), pg_temp.id(7, n), pg_temp.id(4, n), pg_temp.id(1, 1 + (n - 1) / {MachinesOfPool}), pg_temp.id(3, n), 'active', 'c1', now() - interval '10 minutes', now() - interval '1 hour'
          from generate_series(1, {Pools * MachinesOfPool}) n where n % 10 < 6 and n <> 90000;
        insert into connection (connection_id, session_id, opened_at) select session_id, session_id, now() from session;
        insert into operation (operation_id, kind, machine_id, step, state, ended_at) select pg_temp.id(8, n), 'provision', pg_temp.id(3, n), 'await_agent', 'done', now() from generate_series(1, {Pools * MachinesOfPool}) n;
        insert into machine_start (host_id, pool_id, machine_id, asked_at, powered_on_at, ended_at, reported)
             select host_id, pool_id, machine_id, now() - interval '2 days 30 seconds', now() - interval '2 days 20 seconds', now() - interval '2 days', true from machine;
        insert into audit_event (actor, action, object_kind, object_id) select 'broker', 'machine.ready', 'machine', machine_id from machine;
        """;
}
