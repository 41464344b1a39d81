using System.Security.Cryptography;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Pools;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>Where other brokers break (docs/peers-cases.md), as far as no slice's own tests show it: on a real database and a host in memory.</summary>
public sealed class PeerCasesTests(FollowerBroker follower) : IClassFixture<FollowerBroker>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Max_20_and_30_parallel_requests_never_make_21_machines_on_the_hypervisor()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 20);
        await pool.Rows.ExecuteAsync("update pool set spare = 0 where pool_id = @pool", new { pool = pool.Pool.Value });
        for (var n = 0; n < 30; n++)
            await pool.Rows.ExecuteAsync("insert into launch_request (request_id, user_id, pool_id, seen_at) values (gen_random_uuid(), @user, @pool, now() + interval '1 hour')", new { user = (await pool.Rows.UserAsync()).Value, pool = pool.Pool.Value });

        // Passes at the same moment, as of a leader that does not know yet that it was replaced.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => pool.ReconcileAsync()));
        for (var turn = 0; turn < 10; turn++)
        {
            await pool.RunAsync();
            Assert.InRange(pool.Host.Truth.Count, 0, 20);
            await pool.AgentsReportAsync();
        }
        Assert.Equal(20, pool.Host.Truth.Count);
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Theory]
    [InlineData("active")]
    [InlineData("disconnected")]
    public async Task Refresh_to_a_new_image_waits_while_a_session_also_a_disconnected_one_exists(string state)
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        var machine = Assert.Single(await pool.MachinesAsync());
        var session = await pool.Rows.SessionAsync(machine, state, "c1");
        await pool.Rows.ExecuteAsync("""
            with published as (insert into image_version (image_version_id, name, number, state, path) select gen_random_uuid(), name, 2, 'ready', '/nowhere' from image_version where image_version_id = @pool returning image_version_id)
            update pool set image_version_id = (select image_version_id from published) where pool_id = @pool
            """, new { pool = pool.Pool.Value });

        await pool.RunAsync();

        Assert.Null(await pool.Rows.RunningAsync(machine));
        Assert.Equal(state, await pool.Rows.SessionStateAsync(session));
        Assert.Equal(1, await pool.GenerationAsync(machine));
    }

    [Fact]
    public async Task Draining_lets_the_owner_of_a_disconnected_session_back_in_and_takes_nobody_new()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        var machine = Assert.Single(await pool.MachinesAsync());
        var session = await pool.Rows.SessionAsync(machine, "disconnected", "c1");
        var (owner, other) = (new UserId(await pool.Rows.ScalarAsync<Guid>("select user_id from session where session_id = @id", session.Value)), await pool.Rows.UserAsync());
        foreach (var person in new[] { owner, other })
            await pool.Rows.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @person)", new { pool = pool.Pool.Value, person = person.Value });
        await pool.Rows.ExecuteAsync("update host set state = 'draining' where host_id = @id; update machine set drain_since = now() where pool_id = @id", new { id = pool.Pool.Value });

        Assert.Equal(session, Assert.IsType<Placement.Reconnect>(await LaunchAsync(owner, pool.Pool)).Session);
        Assert.IsType<Placement.Wait>(await LaunchAsync(other, pool.Pool));
    }

    [Fact]
    public async Task Deleting_a_pool_with_users_connected_is_refused_and_afterwards_no_machine_and_no_disk_is_left()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 2);
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        var session = await pool.Rows.SessionAsync((await pool.MachinesAsync())[0], "disconnected", "c1");
        var (admin, pools) = (new PoolAdminStore(follower.Broker.Database.DataSource), new PoolStore(follower.Broker.Database.DataSource));

        Assert.Equal(RefusalReason.InUse, await admin.DeleteAsync(pool.Pool, "rosa", "192.0.2.1"));
        Assert.Equal(2, pool.Host.Truth.Count);

        await pool.Rows.ExecuteAsync("update session set state = 'ended', ended_at = now() where session_id = @id; update machine set state = 'available', generation = generation + 1 where pool_id = @pool and state = 'in_use'", new { id = session.Value, pool = pool.Pool.Value });
        Assert.Null(await admin.DeleteAsync(pool.Pool, "rosa", "192.0.2.1"));
        await pool.RunAsync();
        Assert.Empty(pool.Host.Truth);
        Assert.Empty(await pool.Host.ListOverlaysAsync(Ct));
        await pools.RemoveEmptyPoolsAsync(Ct);
        Assert.Equal(0, await pool.Rows.ScalarAsync<int>("select count(*)::int from pool where pool_id = @id", pool.Pool.Value));
    }

    private async Task<Placement> LaunchAsync(UserId user, PoolId pool) => LaunchPolicy.Decide((await new LaunchStore(follower.Broker.Database.DataSource).TryAsync(
        new(new(Guid.NewGuid()), user, pool, "192.0.2.1", new(Guid.NewGuid()), RandomNumberGenerator.GetBytes(32), TimeSpan.FromSeconds(30), 0))).Facts);
}
