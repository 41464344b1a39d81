using Montalegre.Vdi.Broker.Tests.Provisioning;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Rollouts;

/// <summary>Image roll-outs on a real database and a host in memory; cases 18 and 19 of what peers get wrong.</summary>
public sealed class RolloutTests(FollowerBroker follower) : IClassFixture<FollowerBroker>
{
    [Fact]
    public async Task A_good_image_is_proved_by_a_canary_and_then_reaches_every_machine()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 6);
        await pool.StartAsync(canaries: 2, keepReady: 3);
        await pool.UntilAsync("proving");
        Assert.Equal(2, await pool.CountAsync("canary_of is not null"));
        Assert.Equal(2, await pool.OnAsync(pool.NewVersion));
        await pool.UntilAsync("done");
        Assert.Equal(6, await pool.CountAsync("state = 'available' and canary_of is null and used_generation is distinct from generation"));
        Assert.Equal(6, await pool.OnAsync(pool.NewVersion));
        Assert.Equal(pool.NewVersion, await pool.Pool.Rows.ScalarAsync<Guid>("select image_version_id from pool where pool_id = @id", pool.Pool.Pool.Value));
        Assert.True(pool.FewestReady >= 3, $"only {pool.FewestReady} were ready");
        await pool.Pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task Publishing_a_bad_image_whose_agent_never_reports_stops_at_the_canary_and_goes_back()   // case 18
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 4);
        pool.NewOneReports = false;
        var person = await pool.PersonAsync();
        await pool.StartAsync(startWithin: TimeSpan.FromMilliseconds(1));
        await pool.UntilAsync("rolled_back");
        Assert.Equal(nameof(RefusalReason.AgentSilent), (await pool.RowAsync()).HaltReason);
        Assert.Equal(0, await pool.OnAsync(pool.NewVersion));
        Assert.Equal("active", await pool.Pool.Rows.SessionStateAsync(person));
        for (var pass = 0; pass < 3; pass++) await pool.PassAsync();
        Assert.Equal(3, await pool.CountAsync("state = 'available'"));
        Assert.Equal(pool.Pool.Pool.Value, await pool.Pool.Rows.ScalarAsync<Guid>("select image_version_id from pool where pool_id = @id", pool.Pool.Pool.Value));
    }

    [Fact]
    public async Task A_canary_on_which_nobody_can_log_on_sends_it_back_with_the_gateways_reason()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 3);
        pool.GatewaySays = RefusalReason.MachineSignInRefused;
        await pool.StartAsync();
        await pool.UntilAsync("rolled_back");
        Assert.Equal(nameof(RefusalReason.MachineSignInRefused), (await pool.RowAsync()).HaltReason);
        Assert.Equal(0, await pool.Pool.Rows.ScalarAsync<int>("select count(*)::integer from session where pool_id = @id and state <> 'ended'", pool.Pool.Pool.Value));
        Assert.Equal(0, await pool.OnAsync(pool.NewVersion));
    }

    [Fact]
    public async Task A_log_on_slower_than_allowed_against_real_ones_sends_it_back()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 3);
        await pool.PersonAsync();
        pool.LogOn = TimeSpan.FromSeconds(30);
        await pool.StartAsync();
        Assert.InRange((await pool.RowAsync()).OldLogonMs!.Value, 2900, 3100);
        await pool.UntilAsync("rolled_back");
        var row = await pool.RowAsync();
        Assert.Equal((nameof(RefusalReason.RolloutTooSlow), 30_000), (row.HaltReason, row.NewLogonMs));
    }

    [Fact]
    public async Task Without_a_gateway_the_canary_waits_and_the_roll_out_says_so()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 2);
        pool.GatewayThere = false;
        await pool.StartAsync();
        await pool.UntilAsync("proving");
        for (var pass = 0; pass < 5; pass++) await pool.PassAsync();
        Assert.Equal(("proving", nameof(RefusalReason.RolloutNoGateway)), ((await pool.RowAsync()).State, (await pool.RowAsync()).WaitingReason));
        pool.GatewayThere = true;
        await pool.UntilAsync("done");
    }

    [Fact]
    public async Task Nobody_is_given_a_canary_before_it_is_proved_whoever_calls_it_available()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 2);
        pool.GatewayThere = false;
        await pool.StartAsync();
        await pool.UntilAsync("proving");
        await pool.Pool.Rows.ExecuteAsync("update machine set state = 'available' where pool_id = @id", new { id = pool.Pool.Pool.Value });
        Assert.Equal(1, await pool.CountAsync("state = 'available'"));
        Assert.Equal(1, await pool.CountAsync("state = 'reserved' and canary_of is not null"));
    }

    [Fact]
    public async Task A_good_image_with_60_of_100_in_use_never_goes_below_the_minimum_and_used_machines_change_at_log_off()   // case 19
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 100);
        var people = new List<SessionId>();
        for (var n = 0; n < 60; n++) people.Add(await pool.PersonAsync());
        await pool.StartAsync(canaries: 2, wave: 30, keepReady: 25);
        await pool.UntilAsync("waves");
        for (var pass = 0; await pool.OnAsync(pool.NewVersion) < 40; pass++)
        {
            Assert.True(pass < 200, $"{await pool.RowAsync()}");
            await pool.PassAsync();
        }
        Assert.Equal(60, await pool.CountAsync("state = 'in_use'"));
        Assert.Equal(60, (await pool.RowAsync()).InUseOld);
        Assert.True(pool.FewestReady >= 25, $"only {pool.FewestReady} were ready");
        await pool.PassAsync();
        Assert.Equal(nameof(RefusalReason.RolloutWaitsForLogOff), (await pool.RowAsync()).WaitingReason);
        foreach (var person in people[..30]) await pool.LogOffAsync(person);
        await pool.PassAsync();
        foreach (var person in people[30..]) await pool.LogOffAsync(person);
        await pool.UntilAsync("done");
        Assert.Equal(100, await pool.OnAsync(pool.NewVersion));
    }

    [Fact]
    public async Task After_the_warned_deadline_the_sessions_that_are_left_end_and_not_before()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 3);
        var person = await pool.PersonAsync();
        await pool.StartAsync(forceAt: DateTime.UtcNow.AddMinutes(5));
        await pool.UntilAsync("waves");
        for (var pass = 0; pass < 10; pass++) await pool.PassAsync();
        Assert.NotNull((await pool.RowAsync()).WarnedAt);
        Assert.Equal("active", await pool.Pool.Rows.SessionStateAsync(person));
        // Warned late: the whole warning time is still to pass.
        await pool.Pool.Rows.ExecuteAsync("update rollout set force_at = now() - interval '1 minute' where rollout_id = @id", new { id = pool.Rollout.Value });
        await pool.PassAsync();
        Assert.Equal("active", await pool.Pool.Rows.SessionStateAsync(person));
        await pool.Pool.Rows.ExecuteAsync("update rollout set warned_at = now() - interval '16 minutes' where rollout_id = @id", new { id = pool.Rollout.Value });
        await pool.UntilAsync("done");
        Assert.Equal("ended", await pool.Pool.Rows.SessionStateAsync(person));
        Assert.Equal(3, await pool.OnAsync(pool.NewVersion));
    }

    [Fact]
    public async Task An_administrator_halts_it_and_takes_it_back_in_the_middle_of_the_waves()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 8);
        await pool.StartAsync(keepReady: 4);
        await pool.UntilAsync("waves");
        for (var pass = 0; pass < 2; pass++) await pool.PassAsync();
        var on = await pool.OnAsync(pool.NewVersion);
        Assert.InRange(on, 2, 7);
        Assert.True(await pool.HaltAsync());
        for (var pass = 0; pass < 5; pass++) await pool.PassAsync();
        Assert.Equal(on, await pool.OnAsync(pool.NewVersion));
        Assert.True(await pool.RollBackAsync());
        await pool.UntilAsync("rolled_back");
        Assert.Equal(0, await pool.OnAsync(pool.NewVersion));
        Assert.True(pool.FewestReady >= 4, $"only {pool.FewestReady} were ready");
        Assert.False(await pool.RollBackAsync());
    }

    [Fact]
    public async Task A_halted_roll_out_goes_on_with_the_waves_where_it_was_and_is_journalled()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 8);
        await pool.StartAsync(keepReady: 4);
        Assert.False(await pool.ResumeAsync());
        await pool.UntilAsync("waves");
        await pool.PassAsync();
        Assert.True(await pool.HaltAsync());
        Assert.Equal(("halted", "waves"), ((await pool.RowAsync()).State, (await pool.RowAsync()).HaltedIn));
        for (var pass = 0; pass < 3; pass++) await pool.PassAsync();
        Assert.True(await pool.ResumeAsync());
        Assert.False(await pool.ResumeAsync());
        Assert.Equal(("waves", null), ((await pool.RowAsync()).State, (await pool.RowAsync()).HaltedIn));
        await pool.UntilAsync("done");
        Assert.Equal(8, await pool.OnAsync(pool.NewVersion));
        Assert.True(pool.FewestReady >= 4, $"only {pool.FewestReady} were ready");
        Assert.Equal(1, await pool.Pool.Rows.AuditsAsync(pool.Pool.Pool.Value, "rollout.resume"));
    }

    [Fact]
    public async Task One_halted_while_its_canary_was_made_from_the_old_version_proves_a_new_canary_when_it_goes_on()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 4);
        await pool.StartAsync();
        await pool.UntilAsync("canary");
        for (var pass = 0; await pool.CountAsync("canary_of is not null") == 0 && pass < 5; pass++)
            await pool.AdvanceOnlyAsync();
        Assert.True(await pool.HaltAsync());      // before its overlay was made
        for (var pass = 0; pass < 5; pass++) await pool.PassAsync();
        Assert.Equal((1, 0), (await pool.CountAsync("canary_of is not null and state = 'reserved'"), await pool.OnAsync(pool.NewVersion)));
        Assert.True(await pool.ResumeAsync());
        await pool.UntilAsync("done");
        Assert.Equal(4, await pool.OnAsync(pool.NewVersion));
    }

    [Fact]
    public async Task Who_was_warned_of_a_force_before_the_halt_is_warned_again_and_has_the_whole_time()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 3);
        var person = await pool.PersonAsync();
        await pool.StartAsync(forceAt: DateTime.UtcNow.AddMinutes(5));
        await pool.UntilAsync("waves");
        await pool.PassAsync();
        Assert.NotNull((await pool.RowAsync()).WarnedAt);
        await pool.HaltAsync();
        await pool.Pool.Rows.ExecuteAsync("update rollout set force_at = now() - interval '2 hours', warned_at = now() - interval '3 hours' where rollout_id = @id", new { id = pool.Rollout.Value });
        await pool.ResumeAsync();
        await pool.PassAsync();
        await pool.PassAsync();
        Assert.Equal("active", await pool.Pool.Rows.SessionStateAsync(person));
        Assert.InRange((await pool.RowAsync()).WarnedAt!.Value, DateTime.UtcNow.AddHours(-1), DateTime.UtcNow.AddMinutes(2));
    }

    [Fact]
    public async Task A_personal_machine_keeps_its_image_and_a_canary_of_a_dedicated_pool_is_made_fresh_after_the_log_on()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 3, "dedicated");
        var user = await pool.Pool.Rows.UserAsync();
        var personal = (await pool.Pool.MachinesAsync())[0];
        await pool.Pool.Rows.ExecuteAsync("update machine set assigned_user_id = @user where machine_id = @id", new { user = user.Value, id = personal.Value });
        await pool.StartAsync();
        await pool.UntilAsync("done");
        Assert.Equal(2, await pool.OnAsync(pool.NewVersion));
        Assert.Equal(1, await pool.Pool.GenerationAsync(personal));
        var canary = await pool.Pool.Rows.ScalarAsync<Guid>("select machine_id from rollout_probe where rollout_id = @id", pool.Rollout.Value);
        Assert.Equal(3, await pool.Pool.GenerationAsync(new(canary)));
    }

    [Fact]
    public async Task A_pool_has_one_open_roll_out_and_its_version_is_not_retired_meanwhile()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 2);
        await pool.StartAsync();
        var images = new Broker.Images.ImageStore(follower.Broker.Database.DataSource);
        Assert.False(await images.RetireAsync(new(pool.NewVersion), "rui.costa", ""));
        var first = pool.Rollout;
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => pool.StartAsync());
        Assert.NotEqual(first, pool.Rollout);
    }

    [Fact]
    public async Task A_broker_killed_after_each_verb_of_a_roll_out_converges()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 3);
        pool.Pool.KillOnceAfterEachVerb();
        await pool.StartAsync();
        await pool.UntilAsync("done");
        Assert.True(pool.Pool.Kills >= 9, $"{pool.Pool.Kills} kills");
        Assert.Equal(3, await pool.OnAsync(pool.NewVersion));
        await pool.Pool.AssertNothingIsLeftOverAsync();
    }
}
