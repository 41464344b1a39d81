using System.Security.Cryptography;
using Dapper;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig.Postgres;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Launch;

/// <summary>What a launch costs the database, in plans that were made and pages that were read: both are the same on a busy machine.</summary>
public sealed class LaunchCostTests : IAsyncLifetime
{
    private const int People = 60, Sleepers = 3000;
    private const int UntilAPlanIsKept = 8;   // the driver prepares at the second run; the server may plan a trigger's text five times before it keeps a plan
    private const int MostPages = 300;
    private const string Patience = ";Timeout=60;Command Timeout=60";   // a launch that is given up and made again would cost twice

    private TemporaryCluster _cluster = null!;
    private NpgsqlDataSource _database = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        SqlTypes.Register();
        _cluster = await TemporaryCluster.StartAsync(durable: false, "shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=all", "pg_stat_statements.track_planning=on", "autovacuum=off");
        await _cluster.CreateDatabaseAsync("cost");
        await TestMigrations.RunAsync(_cluster.ConnectionString(DatabaseAddress.OwnerRole, "cost"), _cluster.ConnectionString(DatabaseAddress.AppRole, "cost"));
        await _cluster.SqlAsync("cost", Seed);
        _database = DataSources.ForBrokering(_cluster.ConnectionString(DatabaseAddress.AppRole, "cost") + Patience, connections: 1);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    // Triggers and functions too: what is put together as text, or written in SQL, is planned at every row.
    [Fact]
    public async Task Nothing_that_a_launch_runs_is_planned_at_every_launch()
    {
        await LaunchAllAsync();
        var again = (await RunsAsync()).Where(s => s.Calls >= People).ToList();

        Assert.DoesNotContain(again, s => s.Query.Contains("RESET", StringComparison.OrdinalIgnoreCase));   // of a connection that goes back to its pool
        Assert.Contains(again, s => s.Query.Contains("with offer as materialized", StringComparison.Ordinal));
        Assert.Contains(again, s => s.Query.Contains("insert into change", StringComparison.Ordinal));
        Assert.Contains(again, s => s.Query.Contains("insert into audit_open", StringComparison.Ordinal));
        Assert.All(again, s => Assert.True(s.Plans <= UntilAPlanIsKept * Math.Ceiling(s.Calls / (double)People), $"{s.Plans} plans for {s.Calls} runs of {s.Query}"));
    }

    // Three thousand computers sleep, as they do in the morning; whose is none of them reads about none.
    [Fact]
    public async Task Computers_that_sleep_cost_nothing_to_whoever_waits_for_none_of_them()
    {
        await LaunchAllAsync();
        var decision = Assert.Single(await RunsAsync(), s => s.Top && s.Calls == People && s.Query.Contains("with offer as materialized", StringComparison.Ordinal));

        Assert.InRange(decision.Pages / decision.Calls, 1, MostPages);
    }

    private async Task LaunchAllAsync()
    {
        var launch = new LaunchStore(_database);
        for (var n = 1; n <= People; n++)
            Assert.NotNull((await launch.TryAsync(new(new(Guid.NewGuid()), new(Id(4, n)), new(Id(1, 1)), "192.0.2.1", new(Guid.NewGuid()), SHA256.HashData(Guid.NewGuid().ToByteArray()), TimeSpan.FromSeconds(30), 1 << 30))).TicketExpiresAt);
    }

    private async Task<List<(long Plans, long Calls, long Pages, bool Top, string Query)>> RunsAsync()
    {
        await using var connection = new NpgsqlConnection(_cluster.ConnectionString("postgres", "cost") + Patience);
        return (await connection.QueryAsync<(long, long, long, bool, string)>(new CommandDefinition(
            "select plans, calls, shared_blks_hit + shared_blks_read, toplevel, query from pg_stat_statements", cancellationToken: Ct))).AsList();
    }

    private static Guid Id(int kind, int number) => Guid.Parse($"{kind:x8}-0000-4000-8000-{number:x12}");

    private static readonly string Seed = $"""
        create extension pg_stat_statements;
        create function pg_temp.id(kind int, n int) returns uuid language sql immutable as
            $f$ select (lpad(to_hex(kind), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $f$;
        insert into pool (pool_id, name, kind, size) values (pg_temp.id(1, 1), 'rooms', 'manual', 200), (pg_temp.id(1, 2), 'offices', 'manual', {Sleepers});
        insert into app_user (user_id, user_name, display_name) select pg_temp.id(4, n), 'user' || n, 'User ' || n from generate_series(1, 5000) n;
        insert into entitlement (pool_id, user_id) select pg_temp.id(1, 1), pg_temp.id(4, n) from generate_series(1, 5000) n;
        insert into machine (machine_id, pool_id, name, ordinal, manual, state, power, generation)
             select pg_temp.id(3, n), pg_temp.id(1, 1), 'm' || n, n, true, 'available', 'on', 1 from generate_series(1, 200) n;
        insert into machine (machine_id, pool_id, name, ordinal, manual, state, power, generation, assigned_user_id)
             select pg_temp.id(3, 1000 + n), pg_temp.id(1, 2), 'office-' || n, n, true, 'unreachable', 'off', 1, pg_temp.id(4, n) from generate_series(1, {Sleepers}) n;
        insert into wake_address (machine_id, mac, learned) select machine_id, '00:1b:21:01:02:03', true from machine where state = 'unreachable';
        vacuum (analyze);
        select pg_stat_statements_reset();
        """;
}
