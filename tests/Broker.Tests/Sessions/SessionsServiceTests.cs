using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;
using SessionState = Montalegre.Vdi.Contracts.Admin.V1.SessionState;

namespace Montalegre.Vdi.Broker.Tests.Sessions;

/// <summary>Sessions as an administrator sees and steers them: real TLS, real agent stream, real PostgreSQL.</summary>
public sealed class SessionsServiceTests(TestCluster cluster) : IAsyncLifetime
{
    private const string Password = "quatro cavalos verdes";
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Arrange _rows = null!;
    private Contracts.Admin.V1.Sessions.SessionsClient _client = null!;
    private CallOptions _with;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(["--Sessions:CommandWithin=00:01:00"]);
        _rows = new Arrange(_broker.Database.DataSource);
        _client = new(_broker.Api());
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(Password);
        var by = new Caller(new UserId(Guid.Empty), "tester", "Tester", Audience.Administrator, "192.0.2.9", new string('0', 64));
        await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), "rosa", "Rosa", true, true), hash!, by);
        _with = new(new Metadata { { "authorization", $"Bearer {await TestFactor.AdministratorAsync(_broker.Services, "rosa", Password)}" } }, cancellationToken: Ct);
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Logon_times_are_percentiles_by_phase_of_the_pool_and_hours_asked_for()
    {
        var machine = await _rows.MachineAsync("floating", "in_use");
        var session = await _rows.SessionAsync(machine, "ended", "c1");
        await _rows.ExecuteAsync("""
            insert into logon_phase (session_id, name, started_at, ended_at)
                 values (@id, 'connect', now() - interval '10 s', now() - interval '9.5 s'), (@id, 'desktop', now() - interval '9 s', now() - interval '7 s'), (@id, 'display', now(), null)
            """, new { id = session.Value });
        var pool = await _rows.ScalarAsync<Guid>("select pool_id from session where session_id = @id", session.Value);

        var all = await _client.LogonTimesAsync(new LogonTimesRequest(), _with);
        var its = await _client.LogonTimesAsync(new LogonTimesRequest { Hours = 1, PoolId = pool.ToString() }, _with);
        var none = await _client.LogonTimesAsync(new LogonTimesRequest { PoolId = Guid.NewGuid().ToString() }, _with);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await _client.LogonTimesAsync(new LogonTimesRequest { Hours = 169 }, _with));

        Assert.Equal([("connect", 1u, 500u, 500u), ("desktop", 1u, 2000u, 2000u)], all.Phases.Select(p => (p.Name, p.Count, p.MedianMilliseconds, p.P95Milliseconds)));
        Assert.Equal((1u, 3000u), (its.Whole.Count, its.Whole.P95Milliseconds));
        Assert.Null(none.Whole);
        Assert.Equal("INVALID_FIELD", refused.Trailers.GetValue("reason"));
    }

    [Fact]
    public async Task Log_off_is_an_order_and_the_agents_report_ends_the_session()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        var session = await _rows.SessionAsync(machine, "active", "c1");
        await using var agent = await ConnectAsync(machine);

        var answer = await _client.LogOffAsync(new SessionActionRequest { SessionId = session.Value.ToString() }, _with);

        Assert.Equal(SessionState.Active, answer.Session.State);
        var order = Assert.Single(agent.Commands);
        // Longer than the three times five seconds that the agent gives to programs.
        Assert.Equal(("c1", true), (order.LogOff.GuestSessionId, order.Lifetime.ToTimeSpan() > TimeSpan.FromSeconds(20)));
        await agent.SayAsync(new AgentMessage { SessionClosed = new SessionClosed { GuestSessionId = "c1", SessionId = session.Value.ToString() } });
        await Until.EqualAsync("ended", () => _rows.SessionStateAsync(session));
        var details = await _client.GetAsync(new GetSessionRequest { SessionId = session.Value.ToString() }, _with);
        Assert.Equal("logged_off", details.Session.EndReason);
        Assert.Contains(details.History, h => h is { Action: "session.log_off", Actor: "rosa", Outcome: "ok" });
        var again = await Assert.ThrowsAsync<RpcException>(async () => await _client.LogOffAsync(new SessionActionRequest { SessionId = session.Value.ToString() }, _with));
        Assert.Equal("SESSION_ENDED", again.Trailers.GetValue("reason"));
    }

    [Fact]
    public async Task Silent_agent_is_a_clear_refusal_and_is_audited()
    {
        var session = await _rows.SessionAsync(await _rows.MachineAsync("floating", "available"), "active", "c1");
        var request = new SessionActionRequest { SessionId = session.Value.ToString() };

        var logOff = await Assert.ThrowsAsync<RpcException>(async () => await _client.LogOffAsync(request, _with));
        var disconnect = await Assert.ThrowsAsync<RpcException>(async () => await _client.DisconnectAsync(request, _with));

        Assert.Equal("AGENT_SILENT", logOff.Trailers.GetValue("reason"));
        Assert.Equal("AGENT_SILENT", disconnect.Trailers.GetValue("reason"));
        Assert.Equal("active", await _rows.SessionStateAsync(session));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from audit_event where object_id = @id and action = 'session.log_off' and outcome = 'AGENT_SILENT'", session.Value));
    }

    [Fact]
    public async Task Message_reaches_the_desktop_and_its_text_is_not_audited()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        var session = await _rows.SessionAsync(machine, "active", "c1");
        await using var agent = await ConnectAsync(machine);

        await _client.SendMessageAsync(new SendMessageRequest { SessionId = session.Value.ToString(), Title = "TI", Text = "Guarde o trabalho" }, _with);

        Assert.Equal("Guarde o trabalho", Assert.Single(agent.Commands).Message.Text);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.message"));
    }

    [Fact]
    public async Task Reservation_that_nobody_came_to_is_given_back_at_once()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        var session = await _rows.SessionAsync(machine, "pending");

        var answer = await _client.LogOffAsync(new SessionActionRequest { SessionId = session.Value.ToString() }, _with);

        Assert.Equal(SessionState.Ended, answer.Session.State);
        Assert.Equal("cancelled", answer.Session.EndReason);
        Assert.Equal("provisioning", await _rows.MachineStateAsync(machine));
    }

    [Fact]
    public async Task Watcher_sees_a_snapshot_and_then_the_logon_and_the_end()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        var session = await _rows.SessionAsync(machine, "pending");
        await using var agent = await ConnectAsync(machine);
        using var watch = _client.Watch(new WatchSessionsRequest(), _with);
        Assert.True(await watch.ResponseStream.MoveNext(Ct));
        Assert.Contains(watch.ResponseStream.Current.Snapshot.Sessions, s => s.SessionId == session.Value.ToString() && s.State == SessionState.Pending);

        await agent.SayAsync(new AgentMessage
        {
            SessionChanged = new GuestSession { GuestSessionId = "c1", UserName = "ana", SessionId = session.Value.ToString(), State = GuestSessionState.Active },
        });
        await NextAsync(watch.ResponseStream, session, SessionState.Active);
        await agent.SayAsync(new AgentMessage { SessionClosed = new SessionClosed { GuestSessionId = "c1", SessionId = session.Value.ToString() } });
        await NextAsync(watch.ResponseStream, session, SessionState.Ended);
    }

    private static async Task NextAsync(IAsyncStreamReader<SessionsUpdate> updates, SessionId session, SessionState expected)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (await updates.MoveNext(deadline.Token))
        {
            var rows = updates.Current.KindCase == SessionsUpdate.KindOneofCase.Snapshot ? updates.Current.Snapshot.Sessions : updates.Current.Changes.Changed;
            if (rows.Any(s => s.SessionId == session.Value.ToString() && s.State == expected)) return;
        }
        Assert.Fail($"The stream ended before the session was {expected}");
    }

    private async Task<ConnectedAgent> ConnectAsync(MachineId machine)
    {
        var agent = await ConnectedAgent.ConnectAsync(_broker.Channel(await _broker.IssueAsync(PeerKind.Machine, machine.Value)), "boot", TimeSpan.FromSeconds(1));
        await agent.WelcomedAsync();
        return agent;
    }
}
