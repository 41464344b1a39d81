using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>Machines are made whole whatever happens to the broker or the host meanwhile.</summary>
public sealed class KilledBrokerTests(FollowerBroker follower) : IClassFixture<FollowerBroker>
{
    private static readonly string[] ProvisionVerbs =
        [nameof(IHypervisor.CreateOverlayAsync), nameof(IHypervisor.DefineAsync), nameof(IHypervisor.DeleteOtherOverlaysAsync), nameof(IHypervisor.StartAsync)];

    [Fact]
    public async Task Provision_with_a_broker_killed_after_each_act_leaves_one_machine_and_one_record()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        pool.KillOnceAfterEachVerb();

        await pool.RunAsync();
        await pool.AgentsReportAsync();

        Assert.Equal(ProvisionVerbs.Length, pool.Kills);
        var machine = Assert.Single(await pool.MachinesAsync());
        Assert.Equal(1, await pool.GenerationAsync(machine));
        Assert.Equal("available", await pool.Rows.MachineStateAsync(machine));
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task Refresh_with_a_broker_killed_after_each_act_ends_on_one_fresh_overlay()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        var machine = Assert.Single(await pool.MachinesAsync());
        await pool.Rows.ExecuteAsync("update machine set state = 'provisioning' where machine_id = @id", new { id = machine.Value });
        await pool.Rows.OperationAsync(machine, "refresh", "stop");
        pool.KillOnceAfterEachVerb();

        await pool.RunAsync();
        await pool.AgentsReportAsync();

        Assert.Equal(ProvisionVerbs.Length + 1, pool.Kills);   // and the stop
        Assert.Equal(2, await pool.GenerationAsync(machine));
        Assert.Equal("available", await pool.Rows.MachineStateAsync(machine));
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task Machine_that_is_let_go_under_kills_leaves_nothing_behind()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 2);
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        await pool.ResizeAsync(1);
        pool.KillOnceAfterEachVerb();

        await pool.RunAsync();

        Assert.Equal(2, pool.Kills);   // stop, delete
        Assert.Single(await pool.MachinesAsync());
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task Leader_that_was_replaced_changes_no_machine_that_its_successor_acted_on()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        await pool.RunAsync();
        var machine = Assert.Single(await pool.MachinesAsync());

        await Assert.ThrowsAsync<StaleLeaseException>(() => pool.Host.StopAsync(machine, StopMode.Force, pool.Epoch - 1, TestContext.Current.CancellationToken));

        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task Full_storage_stops_the_new_machine_only_and_is_named()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        var ready = Assert.Single(await pool.MachinesAsync());
        pool.Host.Before = (verb, _) =>
        {
            if (verb == nameof(IHypervisor.CreateOverlayAsync)) throw new LibvirtException(LibvirtError.SystemError, 18, "cannot create volume: No space left on device");
        };
        await pool.ResizeAsync(2);

        for (var attempt = 1; attempt <= OperationPlan.MostAttempts; attempt++)
        {
            await pool.RunAsync();
            await pool.NewLeaderAsync();   // the back-off is over, and the pool's pause
            await pool.Rows.ExecuteAsync("update pool set creation_held_until = now()", new { });
        }

        var stuck = Assert.Single(await pool.MachinesAsync(), m => m != ready);
        Assert.Equal("available", await pool.Rows.MachineStateAsync(ready));
        Assert.Equal("faulted", await pool.Rows.MachineStateAsync(stuck));
        Assert.Equal(nameof(RefusalReason.StorageFull), await pool.Rows.ScalarAsync<string>("select reason from operation where machine_id = @id", stuck.Value));
        Assert.Equal(PowerState.On, (await pool.Host.FindAsync(ready, TestContext.Current.CancellationToken))?.Power);
    }

    [Fact]
    public async Task A_machine_whose_forwarded_port_another_program_has_is_defined_anew_with_the_next_one()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        await pool.ReconcileAsync();
        var machine = Assert.Single(await pool.MachinesAsync());
        var taken = await PortAsync();
        var verbs = new List<string>();
        pool.Host.Before = (verb, _) =>
        {
            verbs.Add(verb);
            if (verb == nameof(IHypervisor.StartAsync) && verbs.Count(v => v == verb) == 1)
                throw new LibvirtException(LibvirtError.InternalError, 10, $"process exited while connecting to monitor: Could not set up host forwarding rule 'tcp:127.0.0.1:{taken}-:3389'");
        };

        await pool.RunAsync();
        Assert.Equal("provision define", await pool.Rows.RunningAsync(machine));
        Assert.InRange(await PortAsync(), taken + 1, taken + 9999);
        await pool.NewLeaderAsync();   // the back-off is over
        await pool.RunAsync();

        Assert.Equal("provision await_agent", await pool.Rows.RunningAsync(machine));
        Assert.Equal<string>([.. ProvisionVerbs, .. ProvisionVerbs[1..]], verbs);
        await pool.AssertNothingIsLeftOverAsync();

        Task<int> PortAsync() => pool.Rows.ScalarAsync<int>("select port from machine where machine_id = @id", machine.Value);
    }

    [Theory]
    [InlineData((int)CopyState.Damaged, RefusalReason.ImageDamaged)]
    [InlineData((int)CopyState.Missing, RefusalReason.ImageMissing)]
    public async Task Bad_base_makes_no_machine_and_keeps_the_ready_ones_until_it_is_good_again(int bad, RefusalReason reason)
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        var ready = Assert.Single(await pool.MachinesAsync());
        var copies = new CopyStore(follower.Broker.Database.DataSource);
        await copies.SetBadAsync(pool.Host.Host, new(pool.Pool.Value), (CopyState)bad);
        await pool.ResizeAsync(2);

        for (var attempt = 0; attempt <= OperationPlan.MostAttempts; attempt++)
        {
            await pool.RunAsync();
            await pool.NewLeaderAsync();
        }
        var waiting = Assert.Single(await pool.MachinesAsync(), m => m != ready);
        var during = (Ready: await pool.Rows.MachineStateAsync(ready), Waiting: await pool.Rows.MachineStateAsync(waiting), Overlays: (await pool.Host.ListOverlaysAsync(TestContext.Current.CancellationToken)).Count);
        var told = await pool.Rows.ScalarAsync<string>("select reason from operation where machine_id = @id and state = 'running'", waiting.Value);
        await copies.SetGoodAsync(pool.Host.Host, new(pool.Pool.Value));
        await new ImageStore(follower.Broker.Database.DataSource).WakeMachinesAsync(pool.Host.Host, new(pool.Pool.Value));
        await pool.RunAsync();
        await pool.AgentsReportAsync();

        Assert.Equal(("available", "provisioning", 1), during);
        Assert.Equal(reason.ToString(), told);
        Assert.Equal("available", await pool.Rows.MachineStateAsync(waiting));
        await pool.AssertNothingIsLeftOverAsync();
    }
}
