using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Infrastructure;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>Where the reconciler puts new machines, on a real database.</summary>
public sealed class PlacementTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly Arrange _rows = new(database.DataSource);
    private readonly PoolStore _pools = new(database.DataSource);
    private readonly HostStore _hosts = new(database.DataSource);
    private readonly HostReadings _readings = new(database.DataSource);

    [Fact]
    public async Task Breadth_spreads_a_pool_and_depth_fills_one_host_first()
    {
        var (pool, a, b) = await PoolOnTwoHostsAsync(size: 4);
        await ReconcileAsync(pool);
        Assert.Equal((2, 2), (await CountAsync(pool, a), await CountAsync(pool, b)));

        var (deep, c, d) = await PoolOnTwoHostsAsync(size: 4);
        await _rows.ExecuteAsync("update pool set placement = 'depth' where pool_id = @id", new { id = deep.Value });
        await _readings.KeepAsync(d, new(4, 65536, 30000, null), new(4, 16));
        await ReconcileAsync(deep);
        Assert.Equal((0, 4), (await CountAsync(deep, c), await CountAsync(deep, d)));
    }

    [Fact]
    public async Task Where_no_host_has_memory_the_pool_says_so_and_goes_on_once_there_is_some()
    {
        var (pool, a, b) = await PoolOnTwoHostsAsync(size: 5);
        await _readings.KeepAsync(a, new(4, 65536, 2100, null), new(4, 16));
        await _readings.KeepAsync(b, new(4, 65536, 100, null), new(4, 16));
        await ReconcileAsync(pool);
        Assert.Equal((2, 0), (await CountAsync(pool, a), await CountAsync(pool, b)));
        Assert.Equal(nameof(RefusalReason.NoHostCapacity), await TroubleAsync(pool));

        await _readings.KeepAsync(b, new(4, 65536, 60000, null), new(4, 16));
        await ReconcileAsync(pool);
        Assert.Equal((2, 3), (await CountAsync(pool, a), await CountAsync(pool, b)));
        Assert.Null(await TroubleAsync(pool));
    }

    [Fact]
    public async Task A_silent_host_and_one_never_heard_of_get_nothing()
    {
        var (pool, a, b) = await PoolOnTwoHostsAsync(size: 2);
        await _readings.KeepSilentAsync(a);
        await _rows.ExecuteAsync("delete from host_reading where host_id = @id", new { id = b.Value });
        await ReconcileAsync(pool);
        Assert.Equal(nameof(RefusalReason.HostUnavailable), await TroubleAsync(pool));
    }

    [Fact]
    public async Task A_limit_for_each_host_holds()
    {
        var (pool, a, b) = await PoolOnTwoHostsAsync(size: 5);
        await _rows.ExecuteAsync("update pool set most_per_host = 2 where pool_id = @id", new { id = pool.Value });
        await ReconcileAsync(pool);
        Assert.Equal((2, 2), (await CountAsync(pool, a), await CountAsync(pool, b)));
        Assert.Equal(nameof(RefusalReason.HostLimit), await TroubleAsync(pool));
    }

    [Fact]
    public async Task A_host_in_maintenance_hands_its_free_machines_over_keeps_those_in_use_and_takes_them_back()
    {
        var (pool, a, b) = await PoolOnTwoHostsAsync(size: 4);
        await ReconcileAsync(pool);
        await _rows.ExecuteAsync("""
            with ready as (update machine m set state = 'available', image_version_id = p.image_version_id from pool p where p.pool_id = m.pool_id and m.pool_id = @id returning m.machine_id)
            update operation o set state = 'done' from ready where o.machine_id = ready.machine_id
            """, new { id = pool.Value });
        await _rows.ExecuteAsync("update machine set state = 'in_use' where machine_id = (select min(machine_id::text)::uuid from machine where pool_id = @id and host_id = @a)", new { id = pool.Value, a = a.Value });
        await _rows.ExecuteAsync("update machine set drain_since = now() where machine_id = (select min(machine_id::text)::uuid from machine where pool_id = @id and host_id = @b)", new { id = pool.Value, b = b.Value });

        var change = await _hosts.SetStateAsync(a, HostState.Maintenance, "rosa", "");
        await ReconcileAsync(pool);
        Assert.Equal(new HostStateChange(2, 0), change);
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::int from machine where host_id = @id and state = 'deleting'", a.Value));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::int from machine where host_id = @id and state = 'in_use'", a.Value));
        Assert.Equal(3, await CountAsync(pool, b));

        await _hosts.SetStateAsync(a, HostState.InService, "rosa", "");
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::int from machine where host_id = @id and drain_since is not null and state = 'in_use'", a.Value));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::int from machine where host_id = @id and drain_since is not null", b.Value));
        Assert.Null(await _hosts.SetStateAsync(new(Guid.NewGuid()), HostState.Draining, "rosa", ""));
    }

    [Fact]
    public async Task Why_a_machine_is_where_it_is_can_be_read_later()
    {
        var (pool, a, _) = await PoolOnTwoHostsAsync(size: 1);
        await ReconcileAsync(pool);
        var trace = await _rows.ScalarAsync<string>("select o.trace::text from operation o join machine m using (machine_id) where m.pool_id = @id", pool.Value);
        Assert.Contains("\"order\": \"Breadth\"", trace, StringComparison.Ordinal);
        Assert.Contains(a.Value.ToString(), trace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_leaders_that_place_at_once_add_each_machine_once()
    {
        var (pool, _, _) = await PoolOnTwoHostsAsync(size: 6);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ReconcileAsync(pool)));
        Assert.Equal(6, await _rows.ScalarAsync<int>("select count(*)::int from machine where pool_id = @id", pool.Value));
    }

    // Hosts are named by their ids; the first comes first where all else is equal.
    private async Task<(PoolId Pool, HostId First, HostId Second)> PoolOnTwoHostsAsync(int size)
    {
        var pool = await _rows.PoolAsync("floating");
        var other = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into host (host_id, name, uri, network, storage_path) values (@other, @other::text, 'test:///default', 'user', '/nowhere')", new { other });
        await _rows.ExecuteAsync("insert into pool_host (pool_id, host_id) values (@pool, @other)", new { pool = pool.Value, other });
        await _rows.ExecuteAsync("update pool set size = @size, machine_name_pattern = @pattern where pool_id = @pool", new { pool = pool.Value, size, pattern = $"m-{pool.Value:N}-{{n}}" });
        foreach (var host in new[] { pool.Value, other }) await _readings.KeepAsync(new(host), new HostLoad(4, 65536, 60000, null), new(4, 16));
        return (pool, new(pool.Value), new(other));
    }

    private async Task ReconcileAsync(PoolId pool)
    {
        var ct = TestContext.Current.CancellationToken;
        var wanted = (await _pools.WantedAsync(new Dictionary<PoolId, PowerSchedule>(), ct)).Single(p => p.PoolId == pool.Value);
        await new ReconcilePool(_pools, new PowerStore(database.DataSource), Options.Create(new ProvisioningOptions()), TimeProvider.System, NullLogger<ReconcilePool>.Instance).RunAsync(wanted, ct);
    }

    private Task<int> CountAsync(PoolId pool, HostId host) =>
        _rows.ScalarAsync<int>($"select count(*)::int from machine where pool_id = '{pool.Value}' and host_id = @id and state <> 'deleting'", host.Value);

    private Task<string?> TroubleAsync(PoolId pool) => _rows.ScalarAsync<string?>("select placement_reason from pool where pool_id = @id", pool.Value);
}
