using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Sessions;

/// <summary>Case 25: warned, disconnected, logged off at the set minutes. The clock is the database's, moved by moving its timestamps.</summary>
public sealed class TimeOutTests(TestCluster cluster) : IAsyncLifetime
{
    private static readonly string[] ByHand = ["--Sessions:TimeoutsEvery=10:00:00", "--Sessions:CommandWithin=00:01:00"];
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private readonly List<ConnectedAgent> _agents = [];
    private Arrange _rows = null!;
    private double _idleSeconds;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // The broker's own sweep is off: the test looks after the time itself.
    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(ByHand);
        _rows = new Arrange(_broker.Database.DataSource);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents) await agent.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Idle_person_is_warned_once_then_disconnected_then_logged_off_and_a_restart_in_between_changes_nothing()
    {
        var (machine, session, agent) = await LoggedOnAsync("floating", "idle_minutes = 10, disconnected_minutes = 30");

        await IdleForAsync(session, minutes: 7.9);
        await SweepAsync();
        Assert.Empty(Orders(agent));

        await IdleForAsync(session, minutes: 8);
        await SweepAsync();
        await SweepAsync();
        var warning = Assert.Single(Orders(agent)).Message;
        Assert.Equal("c1", warning.GuestSessionId);
        Assert.Contains("A ligação fecha dentro de 2 minutos", warning.Text, StringComparison.Ordinal);
        Assert.Contains("The connection closes in 2 minutes", warning.Text, StringComparison.Ordinal);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.idle_warned"));

        // A broker that starts anew is another node, which knows only what the database knows; the agent goes to it.
        await using var restarted = await _broker.SecondNodeAsync(ByHand);
        _agents.Remove(agent);
        await agent.DisposeAsync();
        agent = await ConnectAsync(machine, restarted);
        Task AgainAsync() => restarted.Services.GetRequiredService<TimeOutSessions>().RunAsync(Ct);
        await MoveAsync(session, minutes: 1.9);
        _idleSeconds = 594;
        await AgainAsync();
        Assert.Empty(Orders(agent));
        await MoveAsync(session, minutes: 0.1);
        _idleSeconds = 600;
        await AgainAsync();
        Assert.Equal("c1", Assert.Single(Orders(agent), c => c.Disconnect is not null).Disconnect.GuestSessionId);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.idle_timeout"));

        await SayAsync(agent, session, GuestSessionState.Disconnected);
        await Until.EqualAsync("disconnected", () => _rows.SessionStateAsync(session));
        await MoveAsync(session, minutes: 20);      // the clock goes on by itself, too
        await AgainAsync();
        Assert.DoesNotContain(Orders(agent), c => c.LogOff is not null);
        await MoveAsync(session, minutes: 10);
        await AgainAsync();
        Assert.Equal("c1", Assert.Single(Orders(agent), c => c.LogOff is not null).LogOff.GuestSessionId);

        await agent.SayAsync(new AgentMessage { SessionClosed = new SessionClosed { GuestSessionId = "c1", SessionId = session.Value.ToString() } });
        await Until.EqualAsync("ended", () => _rows.SessionStateAsync(session));
        Assert.Equal("disconnected_too_long", await _rows.ScalarAsync<string>("select end_reason from session where session_id = @id", session.Value));
        Assert.Equal("refresh stop", await _rows.RunningAsync(machine));
        await restarted.StopAsync(Ct);
    }

    [Fact]
    public async Task Touching_the_desktop_after_the_warning_cancels_it_and_the_next_idle_time_is_warned_of_anew()
    {
        var (_, session, agent) = await LoggedOnAsync("floating", "idle_minutes = 10");
        await IdleForAsync(session, minutes: 8);
        await SweepAsync();
        await MoveAsync(session, minutes: 2);

        _idleSeconds = 20;
        await SweepAsync();
        await SweepAsync();
        Assert.Single(Orders(agent));

        await MoveAsync(session, minutes: 20);
        await IdleForAsync(session, minutes: 8);
        await SweepAsync();
        Assert.Equal(2, Orders(agent).Count(c => c.Message is not null));
        Assert.DoesNotContain(Orders(agent), c => c.Disconnect is not null);
    }

    [Fact]
    public async Task Agent_that_cannot_say_and_a_pool_without_time_outs_cost_nobody_a_session()
    {
        var (_, unknown, silent) = await LoggedOnAsync("floating", "idle_minutes = 10");
        silent.Answer = c => new CommandResult { CommandId = c.CommandId, Ok = c.ReadIdle is null, Error = "this agent does not know the command; update the agent" };
        await IdleForAsync(unknown, minutes: 500);
        var (_, never, agent) = await LoggedOnAsync("floating", "idle_minutes = null");
        await IdleForAsync(never, minutes: 500);

        await SweepAsync();

        Assert.Empty(Orders(silent));
        Assert.Empty(agent.Commands);
    }

    [Fact]
    public async Task Order_that_was_not_obeyed_is_given_again_after_half_a_minute()
    {
        var (_, session, agent) = await LoggedOnAsync("dedicated", "disconnected_minutes = 5");
        await SayAsync(agent, session, GuestSessionState.Disconnected);
        await Until.EqualAsync("disconnected", () => _rows.SessionStateAsync(session));
        await MoveAsync(session, minutes: 6);

        await SweepAsync();
        await SweepAsync();
        Assert.Single(Orders(agent));

        await MoveAsync(session, minutes: 0.5);
        await SweepAsync();
        Assert.Equal(2, Orders(agent).Count);
    }

    [Fact]
    public async Task Reservation_that_nobody_comes_to_is_given_back_after_the_pools_own_time()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        var patient = await _rows.MachineAsync("floating", "available");
        var (session, kept) = (await _rows.SessionAsync(machine, "pending"), await _rows.SessionAsync(patient, "pending"));
        await SetPoolAsync(machine, "empty_minutes = 2");
        await SetPoolAsync(patient, "empty_minutes = null");
        await MoveAsync(kept, minutes: 500);
        await MoveAsync(session, minutes: 0.5);

        await _broker.Services.GetRequiredService<SessionSweep>().EndOverdueAsync(Ct);
        Assert.Equal("pending", await _rows.SessionStateAsync(session));
        await MoveAsync(session, minutes: 1.5);
        await _broker.Services.GetRequiredService<SessionSweep>().EndOverdueAsync(Ct);

        Assert.Equal("ended", await _rows.SessionStateAsync(session));
        Assert.Equal("pending", await _rows.SessionStateAsync(kept));
    }

    [Fact]
    public async Task Who_leaves_the_group_that_gave_the_right_is_logged_off_where_the_pool_says_so_and_only_there()
    {
        var (machine, session, agent) = await LoggedOnAsync("floating", "right_lost = 'log_off'");
        var (_, staying, other) = await LoggedOnAsync("floating", "right_lost = 'disconnect'");
        await _rows.ExecuteAsync("""
            with made as (insert into app_group (group_id, name) values (@id, @id::text) returning group_id),
                 member as (insert into group_member (group_id, user_id) select @id, user_id from made, session where session_id = @id)
            insert into group_entitlement (group_id, pool_id) select @id, pool_id from made, session where session_id = @id
            """, new { id = session.Value });
        await SweepAsync();
        Assert.Empty(Orders(agent));

        await _rows.ExecuteAsync("delete from group_member where group_id = @id", new { id = session.Value });
        await SweepAsync();
        await SweepAsync();

        Assert.Equal("c1", Assert.Single(Orders(agent)).LogOff.GuestSessionId);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.right_lost"));
        Assert.Empty(Orders(other));
        Assert.Equal("active", await _rows.SessionStateAsync(staying));
        await SetPoolAsync(machine, "right_lost = 'keep'");
    }

    [Fact]
    public async Task Card_taken_out_disconnects_the_person_where_the_pool_says_so_and_nobody_else()
    {
        var (_, session, agent) = await LoggedOnAsync("floating", "card_removal = 'disconnect'");
        var (_, spared, other) = await LoggedOnAsync("floating", "card_removal = 'nothing'");
        var (_, strangers, third) = await LoggedOnAsync("floating", "card_removal = 'disconnect'");
        await _rows.ExecuteAsync("update session set user_id = (select user_id from session where session_id = @id) where session_id = @spared", new { id = session.Value, spared = spared.Value });
        var person = new UserId(await _rows.ScalarAsync<Guid>("select user_id from session where session_id = @id", session.Value));
        var caller = new Caller(person, "ana", "Ana", Audience.Employee, "192.0.2.1", "");

        Assert.Equal(new(0, 1, 0, null), await _broker.Services.GetRequiredService<RemoveCard>().RunAsync(caller, Ct));

        Assert.Equal("c1", Assert.Single(Orders(agent)).Disconnect.GuestSessionId);
        Assert.Empty(Orders(other));
        Assert.Empty(Orders(third));
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.card_removed"));
        Assert.Equal(0, await _rows.AuditsAsync(strangers.Value, "session.card_removed"));
        await SayAsync(agent, session, GuestSessionState.Disconnected);
        await Until.EqualAsync("disconnected", () => _rows.SessionStateAsync(session));
        Assert.Equal(new(0, 0, 0, null), await _broker.Services.GetRequiredService<RemoveCard>().RunAsync(caller, Ct));
    }

    [Fact]
    public async Task Message_of_the_day_is_shown_once_when_the_desktop_is_there()
    {
        var (machine, session, agent) = await LoggedOnAsync("floating", "message_of_the_day = 'Obras na rede às 18 h'");
        await GreetAsync();
        Assert.Empty(agent.Commands);

        await agent.SayAsync(new AgentMessage { Phase = new PhaseReached { SessionId = session.Value.ToString(), Phase = "desktop", StartedAt = DateTimeOffset.UtcNow.ToTimestamp(), EndedAt = DateTimeOffset.UtcNow.ToTimestamp() } });
        await Until.EqualAsync(1, () => _rows.ScalarAsync<int>("select count(*)::integer from logon_phase where session_id = @id", session.Value));
        await GreetAsync();
        await GreetAsync();

        Assert.Equal("Obras na rede às 18 h", Assert.Single(agent.Commands).Message.Text);
        await SetPoolAsync(machine, "message_of_the_day = 'Outra'");
        await GreetAsync();
        Assert.Single(agent.Commands);
    }

    private Task GreetAsync() => _broker.Services.GetRequiredService<GreetSessions>().RunAsync(Ct);

    private static List<Command> Orders(ConnectedAgent agent) => [.. agent.Commands.Where(c => c.ReadIdle is null)];

    private Task SweepAsync() => _broker.Services.GetRequiredService<TimeOutSessions>().RunAsync(Ct);

    private async Task<(MachineId Machine, SessionId Session, ConnectedAgent Agent)> LoggedOnAsync(string kind, string rules)
    {
        var machine = await _rows.MachineAsync(kind, "available");
        await SetPoolAsync(machine, rules);
        var session = await _rows.SessionAsync(machine, "pending");
        var agent = await ConnectAsync(machine);
        await SayAsync(agent, session, GuestSessionState.Active);
        await Until.EqualAsync("active", () => _rows.SessionStateAsync(session));
        return (machine, session, agent);
    }

    private async Task<ConnectedAgent> ConnectAsync(MachineId machine, WebApplication? node = null)
    {
        var agent = await ConnectedAgent.ConnectAsync(_broker.Channel(await _broker.IssueAsync(PeerKind.Machine, machine.Value), node), "boot 1", null);
        _agents.Add(agent);
        agent.Answer = c => new CommandResult { CommandId = c.CommandId, Ok = true, Idle = c.ReadIdle is null ? null : Duration.FromTimeSpan(TimeSpan.FromSeconds(_idleSeconds)) };
        await agent.WelcomedAsync();
        return agent;
    }

    private static Task SayAsync(ConnectedAgent agent, SessionId session, GuestSessionState state) => agent.SayAsync(new AgentMessage
    {
        SessionChanged = new GuestSession { GuestSessionId = "c1", UserName = "ana", State = state, SessionId = session.Value.ToString(), LoggedOnAt = DateTimeOffset.UtcNow.ToTimestamp() },
    });

    private Task SetPoolAsync(MachineId machine, string rules) =>
        _rows.ExecuteAsync($"update pool set {rules} where pool_id = (select pool_id from machine where machine_id = @id)", new { id = machine.Value });

    // The session is an hour old, nobody has touched it for so long, and the guest says so.
    private async Task IdleForAsync(SessionId session, double minutes)
    {
        _idleSeconds = minutes * 60;
        await _rows.ExecuteAsync("update session set state_since = now() - interval '600 minutes', last_input_at = now() - make_interval(secs => @seconds) where session_id = @id", new { id = session.Value, seconds = minutes * 60 });
    }

    // Time passes.
    private Task MoveAsync(SessionId session, double minutes) => _rows.ExecuteAsync("""
        update session
           set started_at = started_at - @by, state_since = state_since - @by, last_input_at = last_input_at - @by,
               idle_warned_at = idle_warned_at - @by, timed_out_at = timed_out_at - @by
         where session_id = @id
        """, new { id = session.Value, by = TimeSpan.FromMinutes(minutes) });
}
