using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Infrastructure;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>
/// A host loses power: its desktops start elsewhere only once it cannot have their disks open, and never while it has them.
/// Two hosts in memory, a real database, and the loop's pieces turned by hand.
/// </summary>
public sealed class LostHostTests(FollowerBroker follower) : IClassFixture<FollowerBroker>, IAsyncLifetime
{
    private readonly Arrange _rows = new(follower.Broker.Database.DataSource);
    private readonly HostStore _store = new(follower.Broker.Database.DataSource);
    private readonly string _storage = $"san-{Guid.NewGuid():N}";
    private HypervisorDirectory _hosts = null!;
    private FakeHypervisor _a = null!, _b = null!;
    private PoolId _pool;
    private long _epoch = 10;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Database Database => follower.Broker.Database.DataSource;

    public async ValueTask InitializeAsync()
    {
        await _rows.ExecuteAsync("delete from operation; update host_reading set silent_since = null", new { });
        _hosts = new(Database, host => new FakeHypervisor(host));
    }

    public ValueTask DisposeAsync() => _hosts.DisposeAsync();

    [Fact]
    public async Task A_personal_desktop_starts_from_its_disk_on_another_host_only_after_the_lost_one_is_confirmed_to_be_off()
    {
        var (machine, session) = await PersonalAsync(shared: true);
        _a.PowerCut();
        await PassAsync();
        Assert.Equal((0, 1), (Running(_b, machine), await GenerationAsync(machine)));

        var fenced = await _store.FenceAsync(_a.Host, "rosa", "");
        await PassAsync();
        await AgentReportsAsync(machine);

        Assert.Equal(new FencedHost(1, 0, 1), fenced);
        Assert.Equal((1, 1), (Running(_b, machine), await GenerationAsync(machine)));
        Assert.Equal("available", await _rows.MachineStateAsync(machine));
        Assert.Equal("ended", await _rows.SessionStateAsync(session));
        Assert.Equal(1, await _rows.AuditsAsync(machine.Value, "machine.leave_host"));
    }

    [Fact]
    public async Task A_host_that_is_back_loses_what_it_had_of_machines_that_are_elsewhere_before_anything_else()
    {
        var (machine, _) = await PersonalAsync(shared: true);
        _a.PowerCut();
        await PassAsync();
        await _store.FenceAsync(_a.Host, "rosa", "");
        await PassAsync();
        Assert.Single(_a.Truth);

        _a.Away = false;
        var started = new List<string>();
        _a.Before = (verb, _) => started.Add(verb);
        await PassAsync();

        Assert.Equal([nameof(IHypervisor.EvictAsync)], started);
        Assert.Empty(_a.Truth);
        Assert.Equal(1, Running(_b, machine));
        Assert.Equal([(machine, 1)], (await _b.ListOverlaysAsync(Ct)).Where(o => o.Machine == machine));
        var row = (await _store.AllAsync(PoolScope.Everything, Ct)).Single(h => h.HostId == _a.Host.Value);
        Assert.Equal((null, 0), (row.FencedAt, row.Strays));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::int from audit_event where object_id = @id and action = 'host.returned'", _a.Host.Value));
    }

    [Fact]
    public async Task A_disk_that_no_other_host_sees_waits_for_its_host_and_floating_desktops_are_made_anew_elsewhere()
    {
        var (personal, session) = await PersonalAsync(shared: false);
        var floating = await MachineOnAAsync(owner: null);
        _a.PowerCut();
        await PassAsync();

        var fenced = await _store.FenceAsync(_a.Host, "rosa", "");
        await PassAsync();
        await AgentReportsAsync(floating);

        Assert.Equal(new FencedHost(1, 1, 1), fenced);
        Assert.Equal("ended", await _rows.SessionStateAsync(session));
        Assert.Equal((0, 1), (Running(_b, personal), Running(_b, floating)));
        Assert.Equal(("available", 2), (await _rows.MachineStateAsync(floating), await GenerationAsync(floating)));

        _a.Away = false;
        await PassAsync();
        await AgentReportsAsync(personal);
        Assert.Equal((1, 0), (Running(_a, personal), _a.Truth.Count(d => d.Machine == floating)));
        Assert.Equal([(personal, 1)], await _a.ListOverlaysAsync(Ct));
    }

    [Fact]
    public async Task Nobody_can_say_that_a_host_is_off_while_it_or_a_machine_on_it_answers()
    {
        var (machine, _) = await PersonalAsync(shared: true);
        Assert.Null(await _store.FenceAsync(_a.Host, "rosa", ""));

        _a.Away = true;   // the broker's own connection broke; the desktops run on
        await AgentReportsAsync(machine);
        await PassAsync();
        Assert.Null(await _store.FenceAsync(_a.Host, "rosa", ""));
        Assert.Empty(_b.Truth);
    }

    [Fact]
    public async Task A_storage_that_lets_go_of_a_silent_host_needs_no_confirmation()
    {
        var (machine, _) = await PersonalAsync(shared: true);
        Assert.Null(await _store.SetStorageAsync(_a.Host, _storage, TimeSpan.FromMinutes(3), "rosa", ""));
        _a.PowerCut();
        await PassAsync();
        Assert.Equal(0, Running(_b, machine));

        await _rows.ExecuteAsync("update host_reading set silent_since = now() - interval '4 minutes' where host_id = @id", new { id = _a.Host.Value });
        await PassAsync();
        Assert.Equal(1, Running(_b, machine));
    }

    [Fact]
    public async Task A_broker_that_is_killed_after_each_act_of_the_recovery_ends_with_one_machine_on_one_host()
    {
        var (machine, _) = await PersonalAsync(shared: true);
        _a.PowerCut();
        await PassAsync();
        await _store.FenceAsync(_a.Host, "rosa", "");
        var (killed, kills) = (new HashSet<string>(), 0);
        _b.After = (verb, _) =>
        {
            if (killed.Add(verb)) throw new OperationCanceledException("killed");
        };
        for (var lives = 0; lives < 8; lives++)
            try { await PassAsync(); }
            catch (OperationCanceledException) { kills++; _epoch++; await new OperationStore(Database).TakeOverAsync(); }
        _b.After = (_, _) => { };
        _a.Away = false;
        await PassAsync();
        await AgentReportsAsync(machine);

        Assert.True(kills >= 2, $"{kills} kills");
        Assert.Empty(_a.Truth);
        Assert.Equal((1, 1), (Running(_b, machine), await GenerationAsync(machine)));
    }

    [Fact]
    public async Task Where_no_other_host_has_room_the_desktop_says_so_and_goes_back_to_its_host_once_that_is_clean()
    {
        var (machine, _) = await PersonalAsync(shared: true);
        _b.Load = _b.Load with { FreeMemoryMib = 10 };
        _a.PowerCut();
        await PassAsync();
        await _store.FenceAsync(_a.Host, "rosa", "");
        await PassAsync();
        Assert.Equal(nameof(RefusalReason.NoHostCapacity), await _rows.ScalarAsync<string>("select reason from operation where machine_id = @id and state = 'running'", machine.Value));

        _a.Away = false;
        await PassAsync();
        await _rows.ExecuteAsync("update operation set next_attempt_at = now() where machine_id = @id", new { id = machine.Value });
        await PassAsync();
        Assert.Equal((1, 0), (Running(_a, machine), Running(_b, machine)));
    }

    [Fact]
    public async Task Hosts_that_share_a_storage_have_it_at_the_same_path()
    {
        await PersonalAsync(shared: true);
        Assert.Equal(RefusalReason.StorageDiffers, await _store.AddAsync(new(Guid.NewGuid()), $"c-{_storage}", "test:///default", "user", "/elsewhere", _storage, null, "rosa", ""));
        Assert.Null(await _store.AddAsync(new(Guid.NewGuid()), $"d-{_storage}", "test:///default", "user", "/nowhere", _storage, null, "rosa", ""));
    }

    [Fact]
    public async Task A_host_that_is_emptied_hands_its_running_desktops_over_with_their_sessions()
    {
        var (machine, session) = await PersonalAsync(shared: true);
        await InUseAsync(machine);
        Assert.Equal(new HostStateChange(1, 1), await _store.SetStateAsync(_a.Host, HostState.Maintenance, "rosa", ""));
        await PassAsync();

        Assert.Equal((0, 1, 1), (_a.Truth.Count, Running(_b, machine), await GenerationAsync(machine)));
        Assert.Equal(("in_use", "disconnected"), (await _rows.MachineStateAsync(machine), await _rows.SessionStateAsync(session)));
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::int from machine where machine_id = @id and (drain_since is not null or drained_with_host)", machine.Value));
        await PassAsync();
        Assert.Equal(0, (await _store.AllAsync(PoolScope.Everything, Ct)).Single(h => h.HostId == _a.Host.Value).Strays);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_broker_that_is_killed_before_or_after_a_move_finds_the_machine_where_it_runs(bool moved)
    {
        var (machine, _) = await PersonalAsync(shared: true);
        await InUseAsync(machine);
        await _store.SetStateAsync(_a.Host, HostState.Draining, "rosa", "");
        var killed = false;
        void Kill(string verb)
        {
            if (verb != nameof(IHypervisor.MoveLiveAsync) || killed) return;
            killed = true;
            throw new OperationCanceledException("killed");
        }

        if (moved) _a.After = (verb, _) => Kill(verb);
        else _a.Before = (verb, _) => Kill(verb);
        await Assert.ThrowsAsync<OperationCanceledException>(PassAsync);
        _epoch++;
        await new OperationStore(Database).TakeOverAsync();
        await PassAsync();
        await PassAsync();

        Assert.Equal((0, 1), (_a.Truth.Count, Running(_b, machine)));
        Assert.Equal(_b.Host.Value, await _rows.ScalarAsync<Guid>("select host_id from machine where machine_id = @id", machine.Value));
        Assert.Null(await _rows.RunningAsync(machine));
    }

    [Theory]
    [InlineData(MoveCut.BeforeArrival, false)]
    [InlineData(MoveCut.OnArrival, false)]
    [InlineData(MoveCut.AfterArrival, true)]
    public async Task A_move_that_is_cut_off_at_its_end_leaves_one_desktop_that_runs_and_never_two(MoveCut cut, bool arrived)
    {
        var (machine, session) = await PersonalAsync(shared: true);
        await InUseAsync(machine);
        await _store.SetStateAsync(_a.Host, HostState.Draining, "rosa", "");
        var most = 0;
        void Count(string verb, MachineId about) => most = Math.Max(most, Going());
        (_a.After, _b.After, _a.CutMove) = (Count, Count, cut);
        await PassAsync();
        Assert.Null(_a.CutMove);

        // Somebody took the operation away; the host is in service again, so that nothing but the machine's own state says what is to be done.
        await _rows.ExecuteAsync("update operation set state = 'done', ended_at = now() where machine_id = @id and state = 'running'", new { id = machine.Value });
        await _store.SetStateAsync(_a.Host, HostState.InService, "rosa", "");
        await PassAsync();
        await PassAsync();

        Assert.Equal((1, 1), (most, Going()));
        Assert.Equal(arrived ? (0, 1) : (1, 0), (_a.Truth.Count(d => d.Machine == machine), _b.Truth.Count(d => d.Machine == machine)));
        Assert.Equal((arrived ? _b : _a).Host.Value, await _rows.ScalarAsync<Guid>("select host_id from machine where machine_id = @id", machine.Value));
        Assert.Equal(("in_use", "disconnected"), (await _rows.MachineStateAsync(machine), await _rows.SessionStateAsync(session)));
        Assert.Null(await _rows.RunningAsync(machine));

        int Going() => _a.Truth.Concat(_b.Truth).Count(d => d.Machine == machine && d is { Power: PowerState.On, PausedByMove: false });
    }

    [Fact]
    public async Task A_desktop_whose_move_was_cut_off_stands_still_while_the_other_host_cannot_be_asked()
    {
        var (machine, _) = await PersonalAsync(shared: true);
        await InUseAsync(machine);
        await _store.SetStateAsync(_a.Host, HostState.Draining, "rosa", "");
        _a.CutMove = MoveCut.AfterArrival;
        await PassAsync();
        _b.Away = true;
        await PassAsync();
        Assert.True(Assert.Single(_a.Truth).PausedByMove);

        _b.Away = false;
        await PassAsync();
        await PassAsync();
        Assert.Equal((0, 1), (_a.Truth.Count, Running(_b, machine)));
    }

    [Fact]
    public async Task A_personal_desktop_that_sleeps_on_a_host_that_is_emptied_sleeps_on_elsewhere_and_wakes_there_with_its_disk()
    {
        var (machine, session) = await PersonalAsync(shared: true);
        await _rows.ExecuteAsync("update session set state = 'ended', ended_at = now() where session_id = @id", new { id = session.Value });
        await _a.StopAsync(machine, StopMode.Force, _epoch, Ct);
        await _rows.ExecuteAsync("update machine set state = 'asleep', power = 'off', saved_at = now() - interval '1 hour' where machine_id = @id", new { id = machine.Value });
        await _store.SetStateAsync(_a.Host, HostState.Draining, "rosa", "");
        await PassAsync();
        await PassAsync();

        Assert.Empty(_a.Truth);
        Assert.Equal((machine, PowerState.Off), (Assert.Single(_b.Truth).Machine, _b.Truth[0].Power));
        Assert.Equal(("asleep", 1), (await _rows.MachineStateAsync(machine), await GenerationAsync(machine)));
        Assert.Null(await _rows.RunningAsync(machine));
        Assert.Contains("saved memory", await _rows.ScalarAsync<string>("select fallback from operation where machine_id = @id and kind = 'move'", machine.Value), StringComparison.Ordinal);

        Assert.True(await new PoolStore(Database).WakeAsync(machine, new(Guid.NewGuid())));
        await PassAsync();
        await AgentReportsAsync(machine);
        Assert.Equal(("available", 1, 1), (await _rows.MachineStateAsync(machine), Running(_b, machine), await GenerationAsync(machine)));
    }

    [Fact]
    public async Task A_desktop_that_cannot_move_stays_says_why_and_is_left_alone_once_its_host_is_in_service_again()
    {
        var (machine, _) = await PersonalAsync(shared: true);
        await InUseAsync(machine);
        _b.Load = _b.Load with { FreeMemoryMib = 10 };
        await PassAsync();
        await _store.SetStateAsync(_a.Host, HostState.Draining, "rosa", "");
        await PassAsync();
        Assert.Equal((1, "in_use"), (Running(_a, machine), await _rows.MachineStateAsync(machine)));
        Assert.Equal(nameof(RefusalReason.WaitsForLogOff), await _rows.ScalarAsync<string>("select reason from operation where machine_id = @id and state = 'running'", machine.Value));

        await _store.SetStateAsync(_a.Host, HostState.InService, "rosa", "");
        await new OperationStore(Database).TakeOverAsync();
        await PassAsync();
        Assert.Null(await _rows.RunningAsync(machine));
        Assert.Equal(1, Running(_a, machine));
    }

    [Fact]
    public async Task A_log_off_while_a_machine_moves_takes_the_machine_off_both_hosts_before_it_is_made_anew()
    {
        await PersonalAsync(shared: true);
        var machine = await MachineOnAAsync(owner: null);
        await InUseAsync(machine);
        await _store.SetStateAsync(_a.Host, HostState.Draining, "rosa", "");
        var order = new List<string>();
        _a.After = (verb, about) =>
        {
            if (about == machine && verb == nameof(IHypervisor.MoveLiveAsync))
                _rows.ExecuteAsync("update operation set kind = 'refresh', step = 'stop', next_attempt_at = now() where machine_id = @id; update machine set state = 'provisioning' where machine_id = @id", new { id = machine.Value }).GetAwaiter().GetResult();
            if (about == machine) order.Add($"a {verb}");
        };
        _b.After = (verb, about) => { if (about == machine) order.Add($"b {verb}"); };
        await PassAsync();

        Assert.Equal(["a MoveLiveAsync", "b EvictAsync"], order.Take(2));
        Assert.Equal((1, 0), (Running(_a, machine), _b.Truth.Count(d => d.Machine == machine)));
        Assert.Equal(2, await GenerationAsync(machine));
    }

    // Whether somebody is looking at it does not matter for what becomes of it.
    private Task InUseAsync(MachineId machine) => _rows.ExecuteAsync("update machine set state = 'in_use' where machine_id = @id", new { id = machine.Value });

    // A pool on two hosts, and a machine on the first with somebody on it.
    private async Task<(MachineId Machine, SessionId Session)> PersonalAsync(bool shared)
    {
        _pool = await _rows.PoolAsync("dedicated");
        var (a, b) = (_pool.Value, Guid.NewGuid());
        await _rows.ExecuteAsync("""
            insert into host (host_id, name, uri, network, storage_path) values (@b, @b::text, 'test:///default', 'network:default', '/nowhere');
            insert into pool_host (pool_id, host_id) values (@a, @b);
            update pool set size = 0, machine_name_pattern = @pattern where pool_id = @a;
            update host set network = 'network:default', storage_path = '/nowhere' where host_id = @a;
            """, new { a, b, pattern = $"m-{a:N}-{{n}}" });
        if (shared)
            foreach (var host in (Guid[])[a, b]) Assert.Null(await _store.SetStorageAsync(new(host), _storage, null, "rosa", ""));
        await _hosts.RefreshAsync(Ct);
        (_a, _b) = ((FakeHypervisor)_hosts.For(new(a)), (FakeHypervisor)_hosts.For(new(b)));
        foreach (var host in (FakeHypervisor[])[_a, _b]) await host.EnsureImageAsync(new(a), "/nowhere", null, Ct);
        var owner = await _rows.UserAsync();
        var machine = await MachineOnAAsync(owner);
        var session = await _rows.SessionAsync(machine, "disconnected");
        await PassAsync();
        return (machine, session);
    }

    private async Task<MachineId> MachineOnAAsync(UserId? owner)
    {
        var machine = await _rows.MachineAsync(_pool, "unreachable");
        await _rows.ExecuteAsync("update machine set host_id = @host, generation = 1, assigned_user_id = @owner, address = null, port = null, power = 'on', image_version_id = @host where machine_id = @id",
            new { id = machine.Value, host = _a.Host.Value, owner = owner?.Value });
        await _a.CreateOverlayAsync(machine, 1, new(_pool.Value), Ct);
        await _a.DefineAsync(new(machine, $"m-{machine.Value:N}", 1, 1024, 1, new MachineNetwork.Network("default"), ["join"], 1), Ct);
        await _a.StartAsync(machine, 1, Ct);
        return machine;
    }

    // What the leader's sweep and loop do, once.
    private async Task PassAsync()
    {
        var (operations, sessions, recovery, readings) = (new OperationStore(Database), new SessionStore(Database), new RecoveryStore(Database), new HostReadings(Database));
        var end = new EndSession(sessions, TimeProvider.System, NullLogger<EndSession>.Instance);
        var options = follower.Broker.Services.GetRequiredService<IOptions<ProvisioningOptions>>();
        var sweep = new DriftSweep(follower.Broker.Services.GetRequiredService<LeaseKeeper>(), _hosts, Database, readings, operations, recovery, sessions, end, options, TimeProvider.System, NullLogger<DriftSweep>.Instance);
        foreach (var host in (FakeHypervisor[])[_a, _b])
            try
            {
                await readings.KeepAsync(host.Host, await host.LoadAsync(Ct), options.Value.Pace);
                await sweep.RunOnceAsync(host, _epoch, Ct);
                await operations.WakeHostAsync(host.Host, Ct);
            }
            catch (HypervisorUnavailableException) { await readings.KeepSilentAsync(host.Host); }
        await new RecoverHosts(recovery, end, NullLogger<RecoverHosts>.Instance).RunAsync(Ct);
        await new MoveStore(Database).PlanAsync(Ct);
        while (await operations.ClaimAsync(options.Value.ParallelPerHost) is { } due)
        {
            using var life = new CancellationTokenSource();
            var points = ((FakeHypervisor[])[_a, _b]).Select(h => (Host: h, h.Before, h.After)).ToList();
            foreach (var (host, before, after) in points) (host.Before, host.After) = (OrDie(before, life), OrDie(after, life));
            try
            {
                await FakeHostPool.Runner(follower.Broker, follower.Broker.Database.DataSource, _hosts, TimeProvider.System).RunAsync(due, _epoch, life.Token);
                await FakeHostPool.StretchBackOffAsync(_rows, due);
            }
            finally { foreach (var (host, before, after) in points) (host.Before, host.After) = (before, after); }
        }
    }

    // A runner that is killed records neither success nor failure.
    private static Action<string, MachineId> OrDie(Action<string, MachineId> act, CancellationTokenSource life) => (verb, machine) =>
    {
        try { act(verb, machine); }
        catch (OperationCanceledException)
        {
            life.Cancel();
            throw;
        }
    };

    private Task AgentReportsAsync(MachineId machine) =>
        new AgentStore(Database).GreetAsync(machine, Guid.NewGuid(), new Hello { BootId = Guid.NewGuid().ToString() }, new(Guid.NewGuid()));

    private Task<int> GenerationAsync(MachineId machine) => _rows.ScalarAsync<int>("select generation from machine where machine_id = @id", machine.Value);

    private static int Running(FakeHypervisor host, MachineId machine) => host.Truth.Count(d => d.Machine == machine && d.Power == PowerState.On);
}
