using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>How fast machines are made: as the host bears it, and slower while they fail.</summary>
public sealed class CreationPaceTests(FollowerBroker follower) : IClassFixture<FollowerBroker>
{
    [Fact]
    public async Task Three_failed_clones_in_a_row_slow_creation_down_and_ready_machines_are_still_handed_out()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        var ready = Assert.Single(await pool.MachinesAsync());
        var tried = 0;
        pool.Host.Before = (verb, _) =>
        {
            if (verb != nameof(IHypervisor.CreateOverlayAsync)) return;
            tried++;
            throw new IOException("The base is broken.");
        };
        await pool.ResizeAsync(20);

        for (var round = 0; round < 5; round++)
        {
            await pool.RunAsync();
            if (round == 0) await HoldLastsAsync(pool);
            await pool.NewLeaderAsync();   // the machines' own back-off is over, the pool's is not
        }

        Assert.InRange(tried, CreationHold.Borne + 1, 20);      // at most each machine once, in the first pass
        var triedFirst = tried;
        await pool.RunAsync();
        Assert.Equal(triedFirst, tried);
        Assert.Equal("available", await pool.Rows.MachineStateAsync(ready));
        Assert.Equal(RefusalReason.CreationThrottled, (await WaitAsync(pool, alsoNamed: "update operation set reason = null")).Reason);
        Assert.Equal("CreationThrottled", await pool.Rows.ScalarAsync<string>(
            "select case when creation_held_until > now() then 'CreationThrottled' end from pool where pool_id = @id", pool.Pool.Value));

        // The image was mended: the next one that becomes ready ends the pause.
        pool.Host.Before = (_, _) => { };
        await pool.Rows.ExecuteAsync("update pool set creation_held_until = now() where pool_id = @id", new { id = pool.Pool.Value });
        await pool.NewLeaderAsync();
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        Assert.Equal(0, await pool.Rows.ScalarAsync<int>("select creation_failures from pool where pool_id = @id", pool.Pool.Value));
    }

    [Fact]
    public async Task A_host_that_is_away_is_no_failure_of_the_pool()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 8);
        pool.Host.Before = (_, _) => throw new HypervisorUnavailableException("The host does not answer.");
        await pool.RunAsync();
        Assert.Equal(0, await pool.Rows.ScalarAsync<int>("select creation_failures from pool where pool_id = @id", pool.Pool.Value));
    }

    [Fact]
    public async Task Starts_are_measured_and_the_host_is_given_the_pace_that_it_bears()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 6);
        await pool.RunAsync();
        Assert.Equal(4, await StartingAsync(pool));   // nothing was measured yet
        await pool.Rows.ExecuteAsync("update operation set step_since = now() - interval '200 seconds' where step = 'await_agent'", new { });
        await pool.AgentsReportAsync();
        Assert.Equal(4, await pool.Rows.ScalarAsync<int>("select count(*)::int from machine_start where reported and pool_id = @id", pool.Pool.Value));

        var readings = new HostReadings(follower.Broker.Database.DataSource);
        await readings.KeepAsync(pool.Host.Host, pool.Host.Load, new(4, 16));
        Assert.Equal(6, await pool.Rows.ScalarAsync<int>("select starts_at_once from host_reading where host_id = @id", pool.Host.Host.Value));
        await pool.ResizeAsync(20);
        await pool.RunAsync();
        Assert.Equal(6, await StartingAsync(pool));
    }

    [Fact]
    public async Task Agents_that_never_reported_are_measured_too_and_slow_the_host_down()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 4);
        await pool.RunAsync();
        await pool.Rows.ExecuteAsync("update operation set step_since = now() - interval '300 seconds', next_attempt_at = now() where step = 'await_agent'", new { });
        await pool.RunAsync();
        Assert.Equal(4, await pool.Rows.ScalarAsync<int>("select count(*)::int from machine_start where not reported and pool_id = @id", pool.Pool.Value));
        await new HostReadings(follower.Broker.Database.DataSource).KeepAsync(pool.Host.Host, pool.Host.Load, new(4, 16));
        Assert.Equal(2, await pool.Rows.ScalarAsync<int>("select starts_at_once from host_reading where host_id = @id", pool.Host.Host.Value));
    }

    // The pause is as long as it should be, counted from the failure that began it; then it is stretched, for a slow test outlives it.
    private static async Task HoldLastsAsync(FakeHostPool pool)
    {
        Assert.True(await pool.Rows.ScalarAsync<bool>("""
            select p.creation_held_until >= max(o.step_since) + interval '15 seconds'
              from pool p join machine m using (pool_id) join operation o using (machine_id)
             where p.pool_id = @id and o.state = 'running' and o.attempts > 0
             group by p.pool_id
            """, pool.Pool.Value));
        await pool.Rows.ExecuteAsync("update pool set creation_held_until = creation_held_until + interval '1 hour' where pool_id = @id", new { id = pool.Pool.Value });
    }

    private static Task<int> StartingAsync(FakeHostPool pool) => pool.Rows.ScalarAsync<int>(
        "select count(*)::int from operation o join machine m using (machine_id) where m.pool_id = @id and o.state = 'running' and o.step = 'await_agent'", pool.Pool.Value);

    private async Task<WaitNotice> WaitAsync(FakeHostPool pool, string alsoNamed)
    {
        await pool.Rows.ExecuteAsync(alsoNamed, new { });
        return LaunchPolicy.Explain(await new LaunchStore(follower.Broker.Database.DataSource).WaitAsync(new(Guid.NewGuid()), await pool.Rows.UserAsync(), pool.Pool));
    }
}
