using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using PowerState = Montalegre.Vdi.Domain.PowerState;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>A pool whose machines are started from a running state, on a real database and a host in memory.</summary>
public sealed class InstantPoolTests(FollowerBroker follower) : IClassFixture<FollowerBroker>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_state_is_made_once_and_machines_are_started_from_it_until_one_cannot_be_which_boots()
    {
        await using var pool = await InstantAsync(2);
        await MakeStateAsync(pool);
        Assert.Equal("ready", await StateAsync(pool));
        Assert.Equal(RunningStateState.Ready, Assert.Single(await ShownAsync(pool)).State);
        Assert.Empty(pool.Host.Truth);     // the domain that was saved is gone
        await MakeStateAsync(pool);
        Assert.Equal(1, await StatesAsync(pool));

        await pool.RunAsync();
        Assert.Equal((await pool.MachinesAsync()).ToHashSet(), pool.Host.Started.Select(s => s.Machine).ToHashSet());
        Assert.All(pool.Host.Truth, d => Assert.Equal(PowerState.On, d.Power));
        await pool.AgentsReportAsync();

        pool.Host.Before = (verb, _) =>
        {
            if (verb == nameof(FakeHypervisor.StartFromRunningStateAsync)) throw new SavedMemoryException("the disk has a hole.");
        };
        await pool.ResizeAsync(3);
        await pool.RunAsync();
        var last = (await pool.MachinesAsync())[^1];
        Assert.Equal(2, pool.Host.Started.Count);
        Assert.Equal(PowerState.On, pool.Host.Truth.Single(d => d.Machine == last).Power);
        Assert.Contains("so it boots: the disk has a hole.", await pool.Rows.ScalarAsync<string>("select fallback from operation where machine_id = @id and state = 'running'", last.Value), StringComparison.Ordinal);
        Assert.Equal("bad", await StateAsync(pool));
        var shown = Assert.Single(await ShownAsync(pool));
        Assert.Equal(RunningStateState.Bad, shown.State);
        Assert.EndsWith("the disk has a hole.", shown.Error, StringComparison.Ordinal);
        await pool.AgentsReportAsync();
        await pool.ResizeAsync(4);
        await pool.RunAsync();
        Assert.Equal(2, pool.Host.Started.Count);     // not tried again
    }

    [Fact]
    public async Task A_host_that_is_killed_off_after_each_act_starts_each_machine_once()
    {
        await using var pool = await InstantAsync(2);
        await MakeStateAsync(pool);
        pool.KillOnceAfterEachVerb();
        await pool.RunAsync();
        Assert.True(pool.Kills > 0);
        Assert.Equal(2, pool.Host.Started.Select(s => s.Machine).Distinct().Count());
        Assert.Equal(2, pool.Host.Started.Count);
    }

    [Fact]
    public async Task A_state_that_cannot_be_made_leaves_nothing_and_machines_boot()
    {
        await using var pool = await InstantAsync(1);
        pool.Host.Load = pool.Host.Load with { FreeMemoryMib = 10 };
        await MakeStateAsync(pool);
        Assert.Equal("failed", await StateAsync(pool));
        Assert.Empty(pool.Host.Truth);
        await pool.RunAsync();
        Assert.Empty(pool.Host.Started);
        Assert.Equal(PowerState.On, Assert.Single(pool.Host.Truth).Power);
    }

    [Fact]
    public async Task A_state_goes_when_no_pool_wants_it_and_no_machine_runs_on_its_disk_and_one_begun_by_a_dead_broker_goes_at_once()
    {
        await using var pool = await InstantAsync(1);
        await MakeStateAsync(pool);
        await pool.RunAsync();
        await pool.Rows.ExecuteAsync("update pool set instant = false where pool_id = @pool", new { pool = pool.Pool.Value });
        await MakeStateAsync(pool);
        Assert.Equal("ready", await StateAsync(pool));
        await pool.Rows.ExecuteAsync("delete from operation where machine_id in (select machine_id from machine where pool_id = @pool); delete from machine where pool_id = @pool", new { pool = pool.Pool.Value });
        await MakeStateAsync(pool);
        Assert.Equal(0, await StatesAsync(pool));

        await pool.Rows.ExecuteAsync("insert into running_state (running_state_id, host_id, image_version_id, cpus, memory_mib, state) values (gen_random_uuid(), @pool, @pool, 1, 1, 'preparing')", new { pool = pool.Pool.Value });
        await MakeStateAsync(pool);
        Assert.Equal(0, await StatesAsync(pool));
    }

    private async Task<FakeHostPool> InstantAsync(int size)
    {
        var pool = await FakeHostPool.MakeAsync(follower.Broker, size);
        await pool.Rows.ExecuteAsync("update pool set instant = false; delete from running_state; update pool set instant = true where pool_id = @pool", new { pool = pool.Pool.Value });
        await pool.Rows.ExecuteAsync("insert into image_copy (image_version_id, host_id, state) values (@pool, @pool, 'good') on conflict do nothing", new { pool = pool.Pool.Value });
        pool.Host.Console = _ => RunningStateMark.ReadyLine;
        return pool;
    }

    private async Task MakeStateAsync(FakeHostPool pool)
    {
        var keep = new KeepRunningStates(new(follower.Broker.Database.DataSource), pool.Hosts, follower.Broker.Services.GetRequiredService<LeaseKeeper>(), TimeProvider.System, NullLogger<KeepRunningStates>.Instance);
        await keep.PassAsync(pool.Epoch, Ct);
        await keep.SettledAsync();
    }

    /// <summary>As an administrator sees it, at the image's copy on the host.</summary>
    private async Task<IReadOnlyList<RunningState>> ShownAsync(FakeHostPool pool) =>
        (await follower.Broker.Services.GetRequiredService<DescribeImages>().OneAsync(new(pool.Pool.Value), Ct))!.Copies.Single(c => c.HostId == pool.Pool.Value.ToString()).RunningStates;

    private static Task<string> StateAsync(FakeHostPool pool) => pool.Rows.ScalarAsync<string>("select state from running_state where host_id = @id", pool.Pool.Value);

    private static Task<long> StatesAsync(FakeHostPool pool) => pool.Rows.ScalarAsync<long>("select count(*) from running_state where host_id = @id", pool.Pool.Value);
}
