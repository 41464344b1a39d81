using System.Net;
using System.Net.Sockets;
using Dapper;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Protocol.Wake;

namespace Montalegre.Vdi.Broker.Tests.Power;

/// <summary>Sleeping computers are woken: a whole broker, real packets to loopback's broadcast address, agents over real streams.</summary>
public sealed class WakeTests(TestCluster cluster) : IAsyncLifetime
{
    private const string Mac = "00:16:3e:12:34:56";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Caller By = new(new(Guid.Empty), "rosa", "Rosa", Audience.Administrator, "", "");
    private readonly TestBroker _broker = new(cluster);
    private readonly UdpClient _card = new(new IPEndPoint(IPAddress.Parse("127.255.255.255"), 0));
    private Arrange _rows = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private WakeStore Wakes => _broker.Services.GetRequiredService<WakeStore>();

    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(["--Wake:Again=00:00:00.200"]);
        _rows = new Arrange(_broker.Database.DataSource);
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        _card.Dispose();
    }

    [Fact]
    public async Task Person_whose_computer_sleeps_waits_for_it_through_a_restart_of_the_broker_and_gets_it_when_its_agent_reports()
    {
        var pool = await _rows.PoolAsync("manual");
        var (computer, person) = (await SleepingAsync(pool), await EntitledAsync(pool));
        await OwnAsync(computer, person);
        await using (var before = Launch(person, pool))
        {
            Assert.Equal(RefusalReason.WaitingForWake, Assert.IsType<LaunchNews.Waiting>(await NextAsync(before)).Notice.Reason);
            Assert.Equal(MagicPacket.For([0x00, 0x16, 0x3e, 0x12, 0x34, 0x56]), await PacketAsync());
        }
        var operation = await _rows.ScalarAsync<Guid>("select operation_id from operation where machine_id = @id and kind = 'wake'", computer.Value);

        await _broker.RestartAsync();
        while (_card.Available > 0) await PacketAsync();
        await PacketAsync();
        await using var news = Launch(person, pool);
        Assert.Equal(RefusalReason.WaitingForWake, Assert.IsType<LaunchNews.Waiting>(await NextAsync(news)).Notice.Reason);
        await using var agent = await ConnectAsync(computer);
        await agent.WelcomedAsync();

        Assert.False(await ReadyAsync(news).WaitAsync(Patience, Ct) is { Reconnection: true });
        Assert.Equal("done", await _rows.ScalarAsync<string>("select state from operation where operation_id = @id", operation));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::int from operation where machine_id = @id", computer.Value));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::int from machine_start where machine_id = @id and reported and host_id is null", computer.Value));
    }

    [Fact]
    public async Task Session_on_a_computer_that_fell_asleep_is_waited_for_and_joined_again_and_what_does_not_wake_is_said()
    {
        var pool = await _rows.PoolAsync("manual");
        var computer = await SleepingAsync(pool);
        var session = await _rows.SessionAsync(computer, "disconnected", "c1");
        await _rows.ExecuteAsync("update machine set state = 'unreachable' where machine_id = @id", new { id = computer.Value });
        var person = new UserId(await _rows.ScalarAsync<Guid>("select user_id from session where session_id = @id", session.Value));
        await EntitleAsync(person, pool);

        await using (var news = Launch(person, pool))
        {
            Assert.Equal(RefusalReason.WaitingForWake, Assert.IsType<LaunchNews.Waiting>(await NextAsync(news)).Notice.Reason);
            await PacketAsync();
            await _rows.ExecuteAsync("update operation set deadline = now() where machine_id = @id", new { id = computer.Value });
            LaunchNews last;
            while ((last = await NextAsync(news)) is LaunchNews.Waiting) { }
            Assert.Equal(RefusalReason.ComputerDidNotWake, Assert.IsType<LaunchNews.Refused>(last).Reason);
        }
        Assert.Contains("did not report", await _rows.ScalarAsync<string>("select error from operation where machine_id = @id", computer.Value), StringComparison.Ordinal);
        Assert.Equal(1, await _rows.AuditsAsync(computer.Value, "machine.wake"));

        await using var again = Launch(person, pool);
        Assert.IsType<LaunchNews.Waiting>(await NextAsync(again));
        await using var agent = await ConnectAsync(computer);
        await agent.WelcomedAsync();
        Assert.True((await ReadyAsync(again).WaitAsync(Patience, Ct)).Reconnection);
        Assert.Equal(session, new SessionId(await _rows.ScalarAsync<Guid>("select session_id from session where machine_id = @id and state <> 'ended'", computer.Value)));
    }

    [Fact]
    public async Task Computer_whose_agent_reports_while_somebody_has_it_woken_is_not_woken_again()
    {
        var computer = await SleepingAsync(await _rows.PoolAsync("manual"));
        Assert.Null(await Wakes.WakeAsync(computer, Patience, By));
        await using var connection = await _broker.Database.DataSource.OpenConnectionAsync(Ct);
        await using var report = await connection.BeginTransactionAsync(Ct);
        await connection.ExecuteAsync(
            "update machine set state = 'available' where machine_id = @id; update operation set state = 'done', ended_at = now() where machine_id = @id", new { id = computer.Value });
        var waking = Wakes.WakeAsync(computer, Patience, By);
        // The loop that sends packets may wait, too: it is this statement that must have read the old state.
        await Until.EqualAsync(true, () => _rows.ScalarAsync<bool>("select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%asleep as materialized%')", computer.Value));
        await report.CommitAsync(Ct);

        Assert.Null(await waking);
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::int from operation where machine_id = @id", computer.Value));
    }

    [Fact]
    public async Task Of_computers_that_anybody_may_use_as_many_are_woken_as_people_wait_and_drained_ones_and_other_peoples_sleep_on()
    {
        var pool = await _rows.PoolAsync("manual");
        var computers = new[] { await SleepingAsync(pool), await SleepingAsync(pool), await SleepingAsync(pool), await SleepingAsync(pool) };
        await OwnAsync(computers[0], await EntitledAsync(pool));
        await _rows.ExecuteAsync("update machine set drain_since = now() where machine_id = @id", new { id = computers[1].Value });
        await using var news = Launch(await EntitledAsync(pool), pool);

        await NextAsync(news);
        await PacketAsync();

        var woken = await _rows.ScalarAsync<Guid[]>("select array_agg(machine_id) from operation o join machine m using (machine_id) where m.pool_id = @id", pool.Value);
        Assert.Contains(Assert.Single(woken), computers[2..].Select(c => c.Value));
    }

    [Fact]
    public async Task Schedule_keeps_as_many_computers_ready_as_it_says_and_tries_none_twice_within_a_while()
    {
        var pool = await _rows.PoolAsync("manual");
        for (var n = 0; n < 3; n++) await SleepingAsync(pool);
        await _rows.ExecuteAsync("update pool set size = 3 where pool_id = @id", new { id = pool.Value });
        Assert.Null(await _broker.Services.GetRequiredService<PowerStore>().SetAsync(new(pool, "Europe/Lisbon", null, new(Spare.Machines(2), IdleAction.Keep, true), []), By));

        await Until.EqualAsync(2, WokenAsync);
        await _rows.ExecuteAsync("update operation set deadline = now() where machine_id in (select machine_id from machine where pool_id = @id)", new { id = pool.Value });
        await Until.EqualAsync(3, WokenAsync);      // the third is tried, the two that did not wake are left alone
        await _rows.ExecuteAsync("update operation set deadline = now() where state = 'running' and machine_id in (select machine_id from machine where pool_id = @id)", new { id = pool.Value });
        await Until.EqualAsync(0, () => _rows.ScalarAsync<int>("select count(*)::int from operation o join machine m using (machine_id) where m.pool_id = @id and o.state = 'running'", pool.Value));
        await _broker.Services.GetRequiredService<PlanWakes>().RunAsync(await _broker.Services.GetRequiredService<PowerStore>().SchedulesAsync(Ct), Ct);
        Assert.Equal(3, await WokenAsync());

        Task<int> WokenAsync() => _rows.ScalarAsync<int>("select count(*)::int from operation o join machine m using (machine_id) where m.pool_id = @id and o.kind = 'wake'", pool.Value);
    }

    [Fact]
    public async Task Agent_tells_its_cards_until_IT_writes_one_down_and_made_machines_have_none()
    {
        var pool = await _rows.PoolAsync("manual");
        var computer = await _rows.MachineAsync(pool, "provisioning", manual: true);
        NetworkCard[] cards = [new() { Mac = ByteString.CopyFrom(0, 0x1b, 0x21, 1, 2, 3), Address = "10.1.2.77", PrefixLength = 23 }, new() { Mac = ByteString.CopyFrom(1, 2), Address = "10.1.2.3", PrefixLength = 24 }];
        await using (var agent = await ConnectAsync(computer, cards)) await agent.WelcomedAsync();
        Assert.Equal([new("00:1b:21:01:02:03", "10.1.3.255", 9, Learned: true)], await Wakes.AddressesAsync(computer, Ct));

        Assert.Null(await Wakes.SetAsync(computer, [new(Mac, null, 7, false)], By));
        await using (var agent = await ConnectAsync(computer, cards)) await agent.WelcomedAsync();
        Assert.Equal([new(Mac, null, 7, Learned: false)], await Wakes.AddressesAsync(computer, Ct));

        Assert.Null(await Wakes.SetAsync(computer, [], By));
        Assert.Equal(RefusalReason.NotSupported, await Wakes.WakeAsync(computer, Patience, By));
        await using (var agent = await ConnectAsync(computer, cards)) await agent.WelcomedAsync();
        Assert.Single(await Wakes.AddressesAsync(computer, Ct));
        Assert.Equal(RefusalReason.NotSupported, await Wakes.WakeAsync(computer, Patience, By));     // it is awake
        var made = await _rows.MachineAsync("floating", "available");
        await using (var agent = await ConnectAsync(made, cards)) await agent.WelcomedAsync();
        Assert.Empty(await Wakes.AddressesAsync(made, Ct));
        Assert.Equal(RefusalReason.NotSupported, await Wakes.SetAsync(made, [new(Mac, null, 9, false)], By));
    }

    private async Task<MachineId> SleepingAsync(PoolId pool)
    {
        var computer = await _rows.MachineAsync(pool, "unreachable", manual: true);
        Assert.Null(await Wakes.SetAsync(computer, [new(Mac, "127.255.255.255", ((IPEndPoint)_card.Client.LocalEndPoint!).Port, false)], By));
        return computer;
    }

    private async Task<UserId> EntitledAsync(PoolId pool)
    {
        var user = await _rows.UserAsync();
        await EntitleAsync(user, pool);
        return user;
    }

    private Task EntitleAsync(UserId user, PoolId pool) => _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = pool.Value, user = user.Value });

    private async Task OwnAsync(MachineId computer, UserId person) =>
        Assert.Null(await _broker.Services.GetRequiredService<Montalegre.Vdi.Broker.Machines.AssignmentStore>().AssignAsync(computer, $"u{person.Value:N}", "rosa", ""));

    private IAsyncEnumerator<LaunchNews> Launch(UserId user, PoolId pool) =>
        _broker.Services.GetRequiredService<LaunchDesktop>().RunAsync(new(new(Guid.NewGuid()), user, pool, null, ForFile: false), Ct).GetAsyncEnumerator(Ct);

    private static async Task<LaunchNews> NextAsync(IAsyncEnumerator<LaunchNews> news)
    {
        Assert.True(await news.MoveNextAsync().AsTask().WaitAsync(Patience, Ct));
        return news.Current;
    }

    private static async Task<LaunchNews.Ready> ReadyAsync(IAsyncEnumerator<LaunchNews> news)
    {
        while (true)
            if (await NextAsync(news) is not LaunchNews.Waiting and var last) return Assert.IsType<LaunchNews.Ready>(last);
    }

    private async Task<byte[]> PacketAsync() => (await _card.ReceiveAsync(Ct).AsTask().WaitAsync(Patience, Ct)).Buffer;

    private async Task<ConnectedAgent> ConnectAsync(MachineId machine, params NetworkCard[] cards) =>
        await ConnectedAgent.ConnectAsync(_broker.Channel(await _broker.IssueAsync(PeerKind.Machine, machine.Value)), "boot", TimeSpan.FromMilliseconds(500), cards);
}
