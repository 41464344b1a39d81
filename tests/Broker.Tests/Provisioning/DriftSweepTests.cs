using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>What the sweep makes of a host that is not as the records say.</summary>
public sealed class DriftSweepTests(FollowerBroker follower) : IClassFixture<FollowerBroker>
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<(FakeHostPool Pool, MachineId Machine)> ReadyAsync(string kind = "floating")
    {
        var pool = await FakeHostPool.MakeAsync(follower.Broker, 1, kind);
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        var machine = Assert.Single(await pool.MachinesAsync());
        Assert.Equal("available", await pool.Rows.MachineStateAsync(machine));
        return (pool, machine);
    }

    [Fact]
    public async Task Host_that_is_as_recorded_is_left_alone()
    {
        var (pool, machine) = await ReadyAsync();
        await using var _ = pool;
        pool.Host.Before = (verb, _) => Assert.Fail($"the sweep called {verb}");

        await pool.SweepAsync();

        Assert.Null(await pool.Rows.RunningAsync(machine));
    }

    [Fact]
    public async Task Domain_of_ours_without_a_record_is_deleted_with_its_overlay()
    {
        var (pool, machine) = await ReadyAsync();
        await using var _ = pool;
        var orphan = new MachineId(Guid.NewGuid());
        await pool.Host.CreateOverlayAsync(orphan, 1, new(pool.Pool.Value), Ct);
        await pool.Host.DefineAsync(new(orphan, "orphan", 1, 512, 1, new MachineNetwork.Network("default"), [], pool.Epoch), Ct);

        await pool.SweepAsync();

        Assert.Null(await pool.Host.FindAsync(orphan, Ct));
        Assert.NotNull(await pool.Host.FindAsync(machine, Ct));
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Machine_that_stopped_before_its_agent_reported_is_started_again_at_once(bool isGone)
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        await pool.RunAsync();
        var machine = Assert.Single(await pool.MachinesAsync());
        Assert.Equal("provision await_agent", await pool.Rows.RunningAsync(machine));
        await pool.SweepAsync();
        await pool.RunAsync();
        Assert.Equal("provision await_agent", await pool.Rows.RunningAsync(machine));   // it boots: nothing is to be done

        if (isGone) pool.Host.Lose(machine); else pool.Host.PowerOff(machine);
        await pool.SweepAsync();
        await pool.RunAsync();
        Assert.Equal("The machine stopped before its agent reported.", await pool.Rows.ScalarAsync<string>("select error from operation where machine_id = @id", machine.Value));
        await pool.NewLeaderAsync();    // its back-off is over
        await pool.RunAsync();
        await pool.AgentsReportAsync();

        Assert.Equal("available", await pool.Rows.MachineStateAsync(machine));
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task Adopted_domain_is_never_touched()
    {
        var (pool, _) = await ReadyAsync();
        await using var disposed = pool;
        var adopted = new MachineId(Guid.NewGuid());
        await pool.Host.AdoptAsync(adopted, pool.Epoch, Ct);
        pool.Host.PowerOff(adopted);
        var before = await pool.Host.FindAsync(adopted, Ct);

        await pool.SweepAsync();

        Assert.Equal(before, await pool.Host.FindAsync(adopted, Ct));
    }

    [Fact]
    public async Task Record_without_a_domain_is_made_anew()
    {
        var (pool, machine) = await ReadyAsync();
        await using var _ = pool;
        pool.Host.Lose(machine);

        await pool.SweepAsync();
        await pool.RunAsync();
        await pool.AgentsReportAsync();

        Assert.Equal(2, await pool.GenerationAsync(machine));
        Assert.Equal("available", await pool.Rows.MachineStateAsync(machine));
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Theory]
    [InlineData("floating", 2)]
    [InlineData("dedicated", 1)]
    public async Task Machine_found_off_is_started_and_its_session_is_over(string kind, int generation)
    {
        var (pool, machine) = await ReadyAsync(kind);
        await using var _ = pool;
        var session = await pool.Rows.SessionAsync(machine, "active");
        pool.Host.PowerOff(machine);

        await pool.SweepAsync();
        Assert.Equal("ended", await pool.Rows.SessionStateAsync(session));
        Assert.Equal("provisioning", await pool.Rows.MachineStateAsync(machine));

        await pool.RunAsync();
        await pool.AgentsReportAsync();
        Assert.Equal(generation, await pool.GenerationAsync(machine));   // a used floating machine gets a fresh overlay
        Assert.Equal("available", await pool.Rows.MachineStateAsync(machine));
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task Free_machine_found_off_is_started_again_as_it_was()
    {
        var (pool, machine) = await ReadyAsync();
        await using var _ = pool;
        pool.Host.PowerOff(machine);

        await pool.SweepAsync();
        await pool.SweepAsync();   // a repair that is under way is not begun twice
        Assert.Equal("restart stop", await pool.Rows.RunningAsync(machine));

        await pool.RunAsync();
        Assert.Equal(1, await pool.GenerationAsync(machine));
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task Stop_that_the_host_tells_of_is_repaired_without_waiting_for_the_sweep()
    {
        var (pool, machine) = await ReadyAsync();
        var watch = new HostWatch(TimeSpan.FromHours(1), TimeProvider.System);
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        var watching = watch.RunAsync(pool.Host, async _ =>
        {
            await pool.SweepAsync();
            if (!first.TrySetResult()) second.TrySetResult();
        }, Ct);
        await first.Task.WaitAsync(Soon, Ct);

        pool.Host.PowerOff(machine);

        Assert.True(await Eventually.IsTrueAsync(async () => await pool.Rows.MachineStateAsync(machine) == "provisioning", Soon));
        await second.Task.WaitAsync(Soon, Ct);   // nothing is taken away from under the sweep
        await pool.DisposeAsync();
        await watching.WaitAsync(Soon, Ct);   // a host that is let go is not watched any more
    }
}
