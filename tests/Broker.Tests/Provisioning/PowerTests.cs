using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>A pool follows its schedule, on a real database and a host in memory.</summary>
public sealed class PowerTests(FollowerBroker follower) : IClassFixture<FollowerBroker>
{
    private static readonly Caller By = new(new(Guid.Empty), "admin", "Admin", Audience.Administrator, "", "");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private PowerStore Power => new(follower.Broker.Database.DataSource);

    [Fact]
    public async Task Machines_beyond_the_spare_are_shut_down_and_woken_before_new_ones_are_made()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 3);
        await GrownAsync(pool);
        await WishAsync(pool, new(Spare.Machines(1), IdleAction.ShutDown, true));
        await UnusedAsync(pool);
        await SettleAsync(pool);
        Assert.Equal(["asleep", "asleep", "available"], await StatesAsync(pool));
        Assert.Equal(1, pool.Host.Truth.Count(d => d.Power == PowerState.On));
        await SettleAsync(pool);
        Assert.Equal(["asleep", "asleep", "available"], await StatesAsync(pool));
        await WishAsync(pool, new(Spare.Machines(2), IdleAction.ShutDown, true));
        await SettleAsync(pool);
        Assert.Equal(["asleep", "available", "available"], await StatesAsync(pool));
        Assert.Equal(2, pool.Host.Truth.Count(d => d.Power == PowerState.On));
        await Power.RemoveAsync(pool.Pool, By);
        await SettleAsync(pool);
        Assert.Equal(["available", "available", "available"], await StatesAsync(pool));
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task Suspended_machines_go_on_from_their_memory_and_only_ever_on_the_disk_it_was_saved_with()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 3);
        var machines = await SuspendedAsync(pool);
        Assert.Equal(["asleep", "asleep", "asleep"], await StatesAsync(pool));
        Assert.Equal(machines.ToHashSet(), pool.Host.Saved.ToHashSet());

        await pool.Rows.ExecuteAsync("update machine set saved_at = now() + interval '1 hour' where pool_id = @pool", new { pool = pool.Pool.Value });   // just now, however slow the test is
        await WishAsync(pool, new(Spare.Machines(1), IdleAction.Suspend, true));
        await SettleAsync(pool);
        Assert.Equal(["asleep", "asleep", "asleep"], await StatesAsync(pool));     // only just: its agent's connection may have outlived the sleep
        await RestedAsync(pool);
        await SettleAsync(pool);
        Assert.Equal(["asleep", "asleep", "available"], await StatesAsync(pool));
        Assert.Equal(machines[0], Assert.Single(pool.Host.Resumed));
        Assert.Equal("", await FallbackAsync(pool, machines[0]));

        var newer = Guid.NewGuid();
        await pool.Rows.ExecuteAsync("""
            insert into image_version select (jsonb_populate_record(i, jsonb_build_object('image_version_id', @newer, 'number', 2))).* from image_version i where i.image_version_id = @pool;
            update pool set image_version_id = @newer where pool_id = @pool;
            """, new { newer, pool = pool.Pool.Value });
        await pool.Host.EnsureImageAsync(new(newer), "/nowhere", null, Ct);
        await WishAsync(pool, new(Spare.Machines(3), IdleAction.Suspend, true));
        await SettleAsync(pool);
        Assert.Equal(["available", "available", "available"], await StatesAsync(pool));
        Assert.Single(pool.Host.Resumed);     // none more
        Assert.Contains("older image version", await FallbackAsync(pool, machines[1]), StringComparison.Ordinal);
        Assert.Empty(pool.Host.Saved);
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task A_machine_that_cannot_be_saved_is_shut_down_and_one_whose_memory_is_lost_boots()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 2);
        var machines = await GrownAsync(pool);
        pool.Host.Before = (verb, machine) =>
        {
            if (verb == nameof(FakeHypervisor.SuspendAsync) && machine == machines[0]) throw new LibvirtException(LibvirtError.OperationFailed, 10, "Requested operation is not valid: domain has assigned non-USB host devices");
        };
        await SuspendedAsync(pool);
        Assert.Equal(["asleep", "asleep"], await StatesAsync(pool));
        Assert.Equal([machines[1]], pool.Host.Saved);
        Assert.Contains("could not be saved, so it is shut down: Requested operation is not valid", await FallbackAsync(pool, machines[0]), StringComparison.Ordinal);

        pool.Host.LoseSaved(machines[1]);
        await RestedAsync(pool);
        await WishAsync(pool, new(Spare.Machines(2), IdleAction.Suspend, true));
        await SettleAsync(pool);
        Assert.Equal(["available", "available"], await StatesAsync(pool));
        Assert.Equal("Its saved memory could not be restored, so it boots: the host has none.", await FallbackAsync(pool, machines[1]));
        Assert.Empty(pool.Host.Resumed);
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task A_host_that_is_away_keeps_the_memory_until_it_is_back()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        var machine = Assert.Single(await SuspendedAsync(pool));
        await RestedAsync(pool);
        await WishAsync(pool, new(Spare.Machines(1), IdleAction.Suspend, true));
        pool.Host.Away = true;
        await GrownAsync(pool);
        Assert.Equal("wake restore", await pool.Rows.RunningAsync(machine));
        pool.Host.Away = false;
        await SettleAsync(pool);
        Assert.Equal(machine, Assert.Single(pool.Host.Resumed));
    }

    [Fact]
    public async Task A_broker_killed_after_each_act_suspends_and_resumes_as_well()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 2);
        await GrownAsync(pool);
        pool.KillOnceAfterEachVerb();
        var machines = await SuspendedAsync(pool);
        Assert.Equal(machines.ToHashSet(), pool.Host.Saved.ToHashSet());
        await RestedAsync(pool);
        await WishAsync(pool, new(Spare.Machines(2), IdleAction.Suspend, true));
        await SettleAsync(pool);
        Assert.Equal(["available", "available"], await StatesAsync(pool));
        Assert.Equal(machines.ToHashSet(), pool.Host.Resumed.ToHashSet());
        Assert.Equal(4, pool.Kills);
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task A_machine_with_a_session_is_never_put_to_sleep()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 2);
        var machines = await GrownAsync(pool);
        await WishAsync(pool, new(Spare.Machines(0), IdleAction.ShutDown, true));
        await pool.Rows.SessionAsync(machines[0], "pending");
        await pool.Rows.ExecuteAsync("update machine set state = 'available' where machine_id = @machine", new { machine = machines[0].Value });   // the statement itself must see the session
        await UnusedAsync(pool);
        await SettleAsync(pool);
        Assert.Equal(PowerState.On, pool.Host.Truth.Single(d => d.Machine == machines[0]).Power);
        Assert.Equal(PowerState.Off, pool.Host.Truth.Single(d => d.Machine == machines[1]).Power);
    }

    [Fact]
    public async Task A_broker_killed_after_each_act_puts_to_sleep_and_wakes_as_well()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 2);
        await GrownAsync(pool);
        await WishAsync(pool, new(Spare.Machines(0), IdleAction.ShutDown, true));
        await UnusedAsync(pool);
        pool.KillOnceAfterEachVerb();
        await SettleAsync(pool);
        Assert.Equal(["asleep", "asleep"], await StatesAsync(pool));
        await WishAsync(pool, new(Spare.Machines(2), IdleAction.ShutDown, true));
        await SettleAsync(pool);
        Assert.Equal(["available", "available"], await StatesAsync(pool));
        Assert.True(pool.Kills >= 2, $"killed {pool.Kills} times");
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task A_persons_own_machine_sleeps_and_wakes_when_the_person_waits_for_it_and_when_the_person_is_expected()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 2, "dedicated");
        var machines = await GrownAsync(pool);
        var owner = await pool.Rows.UserAsync();
        await pool.Rows.ExecuteAsync("update machine set assigned_user_id = @owner where machine_id = @machine", new { owner = owner.Value, machine = machines[0].Value });
        await WishAsync(pool, new(Spare.Machines(0), IdleAction.ShutDown, true));
        await UnusedAsync(pool);
        await SettleAsync(pool);
        Assert.Equal(["asleep", "asleep"], await StatesAsync(pool));
        var disk = await pool.GenerationAsync(machines[0]);
        await pool.Rows.ExecuteAsync("insert into launch_request (request_id, user_id, pool_id, seen_at) values (gen_random_uuid(), @owner, @pool, now() + interval '1 hour')", new { owner = owner.Value, pool = pool.Pool.Value });
        await SettleAsync(pool);
        Assert.Equal("available", await StateAsync(pool, machines[0]));
        Assert.Equal("asleep", await StateAsync(pool, machines[1]));     // one waits, and for his own
        Assert.Equal(disk, await pool.GenerationAsync(machines[0]));     // with what he kept on it

        await pool.Rows.ExecuteAsync("delete from launch_request where pool_id = @pool", new { pool = pool.Pool.Value });
        await UnusedAsync(pool);
        await SettleAsync(pool);
        Assert.Equal("asleep", await StateAsync(pool, machines[0]));
        // On such weekdays he came about now, by the clock on the wall; just before midnight the next day's, too, which may begin meanwhile.
        foreach (var (weeks, minutes) in new[] { (1, 0), (2, 0), (1, 4), (2, 4) })
            await pool.Rows.ExecuteAsync("""
                insert into session (session_id, request_id, user_id, pool_id, machine_id, state, started_at, ended_at)
                     values (gen_random_uuid(), gen_random_uuid(), @owner, @pool, @machine, 'ended',
                             ((now() at time zone 'Europe/Lisbon') - make_interval(weeks => @weeks) + make_interval(mins => @minutes)) at time zone 'Europe/Lisbon', now())
                """, new { owner = owner.Value, pool = pool.Pool.Value, machine = machines[0].Value, weeks, minutes });
        await SettleAsync(pool);
        Assert.Equal("available", await StateAsync(pool, machines[0]));
    }

    [Fact]
    public async Task A_sleeping_machine_that_is_lost_is_made_anew()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 1);
        var machine = Assert.Single(await GrownAsync(pool));
        await WishAsync(pool, new(Spare.Machines(0), IdleAction.ShutDown, true));
        await UnusedAsync(pool);
        await SettleAsync(pool);
        Assert.Equal(["asleep"], await StatesAsync(pool));
        pool.Host.Lose(machine);
        await SettleAsync(pool);
        Assert.Equal(["available"], await StatesAsync(pool));
    }

    [Fact]
    public async Task Before_a_window_begins_its_machines_are_prepared()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 4);
        var now = await Power.NowAsync(Ct);
        await SetAsync(pool, new(Spare.Machines(0), IdleAction.ShutDown, true), Ahead(now, TimeSpan.FromMinutes(200)));
        Assert.Empty(await GrownAsync(pool));
        // Starts that took an hour each, so that four of them must begin four hours ahead when one goes at a time.
        await pool.Rows.ExecuteAsync("""
            insert into machine_start (host_id, pool_id, machine_id, asked_at, powered_on_at, ended_at, reported)
                 select null, @pool, gen_random_uuid(), now() - interval '61 minutes', now() - interval '60 minutes', now(), true from generate_series(1, 5);
            update host_reading set starts_at_once = 1 where host_id = @pool;
            """, new { pool = pool.Pool.Value });
        Assert.Equal(4, (await GrownAsync(pool)).Count);
    }

    [Fact]
    public async Task A_closed_pool_refuses_with_the_hour_at_which_it_opens_and_lets_who_has_a_session_back_in()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 2);
        var machines = await GrownAsync(pool);
        var session = await pool.Rows.SessionAsync(machines[0], "disconnected");
        var (inside, outside) = (new UserId(await pool.Rows.ScalarAsync<Guid>("select user_id from session where session_id = @id", session.Value)), await pool.Rows.UserAsync());
        await pool.Rows.ExecuteAsync("insert into entitlement (pool_id, user_id) select @pool, unnest(@users)", new { pool = pool.Pool.Value, users = new[] { inside.Value, outside.Value } });
        var now = await Power.NowAsync(Ct);
        await SetAsync(pool, new(Spare.Machines(1), IdleAction.Keep, false), Ahead(now, TimeSpan.FromHours(3)));
        await CloseAsync();
        var refused = await LaunchAsync(pool, outside);
        Assert.Equal(new Placement.Refuse(RefusalReason.PoolClosed), LaunchPolicy.Decide(refused.Facts));
        Assert.Matches(@"^\d\d/\d\d/\d{4} \d\d:\d\d$", refused.Opens);
        Assert.IsType<Placement.Reconnect>(LaunchPolicy.Decide((await LaunchAsync(pool, inside)).Facts));
        await SetAsync(pool, new(Spare.Machines(1), IdleAction.Keep, false));
        await CloseAsync();
        Assert.Equal("", (await LaunchAsync(pool, outside)).Opens);     // never
        await Power.RemoveAsync(pool.Pool, By);
        Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await LaunchAsync(pool, outside)).Facts));
    }

    // Of all days, from so long after now, by the clock of the place; over midnight it is the next day's.
    private static PowerWindow Ahead(DateTimeOffset now, TimeSpan by)
    {
        var at = TimeZoneInfo.ConvertTime(now + by, TimeZoneInfo.FindSystemTimeZoneById("Europe/Lisbon"));
        return new(PowerSchedule.OfWeekday(at.DayOfWeek), (at.Hour * 60) + at.Minute, PowerWindow.DayMinutes, new(Spare.Everything, IdleAction.Keep, true));
    }

    private Task WishAsync(FakeHostPool pool, PowerWish wish) => SetAsync(pool, wish);

    private async Task SetAsync(FakeHostPool pool, PowerWish otherwise, params PowerWindow[] windows) =>
        Assert.Null(await Power.SetAsync(new(pool.Pool, "Europe/Lisbon", null, otherwise, windows), By));

    private async Task CloseAsync() => await Power.CloseAsync(await Power.SchedulesAsync(Ct), Ct);

    private async Task<LaunchAnswer> LaunchAsync(FakeHostPool pool, UserId user) =>
        await new LaunchStore(follower.Broker.Database.DataSource).TryAsync(new(new(Guid.NewGuid()), user, pool.Pool, null, new(Guid.NewGuid()), Guid.NewGuid().ToByteArray().Concat(Guid.NewGuid().ToByteArray()).ToArray(), TimeSpan.FromMinutes(1), 1));

    private static Task UnusedAsync(FakeHostPool pool) => pool.Rows.ExecuteAsync("update machine set state_since = now() - interval '11 minutes' where pool_id = @pool", new { pool = pool.Pool.Value });

    private static async Task<IReadOnlyList<MachineId>> GrownAsync(FakeHostPool pool)
    {
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        return await pool.MachinesAsync();
    }

    // A guest that has shut down is seen by the sweep; then the next step is due.
    private static async Task SettleAsync(FakeHostPool pool)
    {
        for (var round = 0; round < 3; round++)
        {
            await pool.SweepAsync();
            await pool.NewLeaderAsync();
            await GrownAsync(pool);
        }
    }

    private async Task<IReadOnlyList<MachineId>> SuspendedAsync(FakeHostPool pool)
    {
        var machines = await GrownAsync(pool);
        await WishAsync(pool, new(Spare.Machines(0), IdleAction.Suspend, true));
        await UnusedAsync(pool);
        await SettleAsync(pool);
        return machines;
    }

    private static Task RestedAsync(FakeHostPool pool) => pool.Rows.ExecuteAsync("update machine set saved_at = now() - interval '1 hour' where pool_id = @pool and saved_at is not null", new { pool = pool.Pool.Value });

    private static Task<string> FallbackAsync(FakeHostPool pool, MachineId machine) =>
        pool.Rows.ScalarAsync<string>("select coalesce((select fallback from operation where machine_id = @id order by started_at desc limit 1), '')", machine.Value);

    private static async Task<string[]> StatesAsync(FakeHostPool pool)
    {
        var states = new List<string>();
        foreach (var machine in await pool.MachinesAsync()) states.Add(await StateAsync(pool, machine));
        return [.. states.Order(StringComparer.Ordinal)];
    }

    private static Task<string> StateAsync(FakeHostPool pool, MachineId machine) => pool.Rows.ScalarAsync<string>("select state from machine where machine_id = @id", machine.Value);
}
