using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;
using AdminSessions = Montalegre.Vdi.Contracts.Admin.V1.Sessions;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;

namespace Montalegre.Vdi.Broker.Tests.Sessions;

/// <summary>A card taken out where the pool says "lock": a whole broker, real PostgreSQL, the public API; agents are pretended.</summary>
public sealed class CardLockTests(TestCluster cluster) : IAsyncLifetime
{
    private const string Password = "quatro cavalos verdes";
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private readonly List<ConnectedAgent> _agents = [];
    private Arrange _rows = null!;
    private Employee.EmployeeClient _portal = null!;
    private MachineId _machine;
    private UserId _ana;
    private PoolId _pool;
    private ConnectedAgent _agent = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(["--Sessions:TimeoutsEvery=10:00:00", "--Sessions:CommandWithin=00:01:00", "--Gateways:AgentBackWithin=00:00:03", "--Gateways:PrepareWithin=00:00:25"]);
        _rows = new(_broker.Database.DataSource);
        _portal = new(_broker.Api());
        await UserAsync("rosa", administrator: true);
        _ana = await UserAsync("ana");
        _machine = await _rows.MachineAsync("floating", "available");
        _pool = new(await _rows.ScalarAsync<Guid>("select pool_id from machine where machine_id = @id", _machine.Value));
        await _rows.ExecuteAsync("update pool set card_removal = 'lock' where pool_id = @pool; insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = _pool.Value, user = _ana.Value });
        _agent = await ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents) await agent.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Locked_session_opens_for_a_sign_in_after_the_lock_and_for_nothing_from_before()
    {
        var old = await SignInAsync();
        var (session, _) = await AtWorkAsync(old);
        var (stillGood, _) = await ReadyAsync(old);                // asked for, not used yet

        var removed = await _portal.CardRemovedAsync(new(), old);

        Assert.Equal((1u, 0u, 0u, 43), (removed.Locked, removed.Disconnected, removed.Failed, removed.ReturnKey.Length));
        Assert.Equal("c1", Assert.Single(Orders(), c => c.Lock is not null).Lock.GuestSessionId);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.locked"));
        var card = (await _portal.ListDesktopsAsync(new(), old)).Desktops.Single();
        Assert.Equal((true, DesktopState.SessionActive, ReasonCode.SessionLocked), (card.Locked, card.State, card.Reason.Code));
        Assert.NotNull((await SeenByItAsync(session)).LockedSince);

        // Whoever is at the terminal has the sign-in that was open there, and perhaps a ticket.
        Assert.Equal(ReasonCode.SessionLocked, (await LastAsync(old)).Refused.Code);
        Assert.Equal(ReasonCode.SessionLocked, (await RedeemAsync(stillGood)).Refused.Code);
        Assert.Equal("SESSION_LOCKED", await ReasonAsync(() => _portal.CardReturnedAsync(new() { ReturnKey = removed.ReturnKey }, old).ResponseAsync));
        Assert.DoesNotContain(Orders(), c => c.Unlock is not null);
        Assert.Equal(0, await _rows.AuditsAsync(session.Value, "session.unlocked"));

        // The person, elsewhere. The order that prepares the sign-in unlocks, before the gateway has a target.
        var anew = await SignInAsync();
        card = (await _portal.ListDesktopsAsync(new(), anew)).Desktops.Single();
        Assert.Equal((true, DesktopState.SessionActive), (card.Locked, card.State));
        Assert.Null(card.Reason);
        var (ticket, ready) = await ReadyAsync(anew);
        Assert.Equal((session.Value.ToString(), true), (ready.SessionId, ready.Reconnection));
        Assert.NotNull((await SeenByItAsync(session)).LockedSince);
        Assert.NotNull((await RedeemAsync(ticket)).Target);
        Assert.Equal("c1", Orders().Last().PrepareSignIn.UnlockGuestSessionId);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.unlocked"));
        Assert.Null((await SeenByItAsync(session)).LockedSince);
        Assert.False((await _portal.ListDesktopsAsync(new(), old)).Desktops.Single().Locked);
    }

    [Fact]
    public async Task Card_that_comes_back_unlocks_in_place_where_it_was_taken_out_and_nowhere_else()
    {
        var old = await SignInAsync();
        var (session, _) = await AtWorkAsync(old);
        var removed = await _portal.CardRemovedAsync(new(), old);
        var anew = await SignInAsync();

        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _portal.CardReturnedAsync(new() { ReturnKey = "x" }, anew).ResponseAsync));
        Assert.Equal(0u, (await _portal.CardReturnedAsync(new() { ReturnKey = new string('A', 43) }, anew)).Unlocked);       // another terminal
        await UserAsync("rui");
        Assert.Equal(0u, (await _portal.CardReturnedAsync(new() { ReturnKey = removed.ReturnKey }, await SignInAsync("rui"))).Unlocked);   // another person
        Assert.DoesNotContain(Orders(), c => c.Unlock is not null);

        var returned = await _portal.CardReturnedAsync(new() { ReturnKey = removed.ReturnKey }, anew);
        Assert.Equal((1u, 0u), (returned.Unlocked, returned.Failed));
        var order = Assert.Single(Orders(), c => c.Unlock is not null).Unlock;
        Assert.Equal(("c1", false), (order.GuestSessionId, order.DisconnectFirst));
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.unlocked"));
        Assert.Equal(0u, (await _portal.CardReturnedAsync(new() { ReturnKey = removed.ReturnKey }, anew)).Unlocked);
        Assert.Equal("active", await _rows.SessionStateAsync(session));
    }

    [Fact]
    public async Task What_cannot_be_locked_is_disconnected_and_opens_for_a_new_sign_in_only()
    {
        var old = await SignInAsync();
        var (session, _) = await AtWorkAsync(old);
        _agent.Answer = c => c.Lock is null ? new() { CommandId = c.CommandId, Ok = true } : new() { CommandId = c.CommandId, Error = "the machine has no xsecurelock" };

        var removed = await _portal.CardRemovedAsync(new(), old);

        Assert.Equal((0u, 1u, 0u), (removed.Locked, removed.Disconnected, removed.Failed));
        Assert.Equal("c1", Assert.Single(Orders(), c => c.Disconnect is not null).Disconnect.GuestSessionId);
        Assert.Equal("LOCK_FAILED", await _rows.ScalarAsync<string>("select outcome from audit_event where action = 'session.lock_failed' and object_id = @id", session.Value));
        Assert.Equal(ReasonCode.SessionLocked, (await LastAsync(old)).Refused.Code);
        Assert.NotNull((await RedeemAsync((await ReadyAsync(await SignInAsync())).Ticket)).Target);
    }

    [Fact]
    public async Task Locker_that_ends_by_itself_is_on_record_once()
    {
        var old = await SignInAsync();
        var (session, _) = await AtWorkAsync(old);
        await _portal.CardRemovedAsync(new(), old);
        var lost = new AgentMessage { LockLost = new LockLost { GuestSessionId = "c1", SessionId = session.Value.ToString() } };
        await _agent.SayAsync(lost);
        await _agent.SayAsync(lost);
        await SayAsync(session, GuestSessionState.Disconnected, locked: false);
        await Until.EqualAsync("disconnected", () => _rows.SessionStateAsync(session));

        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.lock_lost"));
        await SweepAsync();
        Assert.Single(Orders(), c => c.Lock is not null);       // nobody sees it: it opens for a new sign-in only
        Assert.Equal(ReasonCode.SessionLocked, (await LastAsync(old)).Refused.Code);
    }

    [Fact]
    public async Task Card_taken_out_while_the_logon_is_under_way_locks_the_desktop_when_it_is_there()
    {
        var old = await SignInAsync();
        var (ticket, ready) = await ReadyAsync(old);
        Assert.NotNull((await RedeemAsync(ticket)).Target);
        Assert.Equal(1u, (await _portal.CardRemovedAsync(new(), old)).Locked);
        Assert.DoesNotContain(Orders(), c => c.Lock is not null);

        await SayAsync(new(Guid.Parse(ready.SessionId)), GuestSessionState.Active, locked: false);

        await Until.EqualAsync(1, () => Task.FromResult(Orders().Count(c => c.Lock is not null)));
    }

    [Fact]
    public async Task Agent_that_comes_back_is_told_what_the_database_says()
    {
        var old = await SignInAsync();
        var (session, _) = await AtWorkAsync(old);
        var removed = await _portal.CardRemovedAsync(new(), old);

        // It lost its locker while it was away.
        await AgainAsync(session, locked: false);
        await Until.EqualAsync(1, () => Task.FromResult(Orders().Count(c => c.Lock is not null)));
        await Until.EqualAsync(true, () => _rows.ScalarAsync<bool>("select lock_held from session where session_id = @id", session.Value));   // else a card that comes back meanwhile is unlocked twice

        // It was away when the card came back.
        await SayAsync(session, GuestSessionState.Active, locked: true);
        _agent.Answer = c => c.Unlock is null ? new() { CommandId = c.CommandId, Ok = true } : new() { CommandId = c.CommandId, Error = "later" };
        Assert.Equal(1u, (await _portal.CardReturnedAsync(new() { ReturnKey = removed.ReturnKey }, await SignInAsync())).Failed);
        _agent.Answer = c => new() { CommandId = c.CommandId, Ok = true };
        await SweepAsync();
        Assert.Single(Orders(), c => c.Unlock is not null);      // the order of the moment may still be on its way
        await _rows.ExecuteAsync("update session set unlocked_at = now() - interval '1 hour' where session_id = @id", new { id = session.Value });
        await SweepAsync();
        Assert.Equal([false, true], Orders().Where(c => c.Unlock is not null).Select(c => c.Unlock.DisconnectFirst));
        Assert.False(await _rows.ScalarAsync<bool>("select lock_held from session where session_id = @id", session.Value));
    }

    [Fact]
    public async Task Second_report_moves_the_lock_so_that_a_sign_in_made_in_between_opens_nothing()
    {
        var old = await SignInAsync();
        var (session, _) = await AtWorkAsync(old);
        await _portal.CardRemovedAsync(new(), old);
        var between = await SignInAsync();
        await _portal.CardRemovedAsync(new(), between);

        Assert.Equal(ReasonCode.SessionLocked, (await LastAsync(between)).Refused.Code);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.locked"));
        Assert.Single(Orders(), c => c.Lock is not null);
    }

    [Fact]
    public async Task Other_peoples_sessions_and_those_of_pools_with_another_rule_are_left_alone()
    {
        var (session, _) = await AtWorkAsync(await SignInAsync());
        await _rows.ExecuteAsync("update pool set card_removal = 'nothing' where pool_id = @pool", new { pool = _pool.Value });
        var removed = await _portal.CardRemovedAsync(new(), await SignInAsync());
        Assert.Equal((0u, 0u, 0u, ""), (removed.Locked, removed.Disconnected, removed.Failed, removed.ReturnKey));
        await _rows.ExecuteAsync("update pool set card_removal = 'lock' where pool_id = @pool", new { pool = _pool.Value });
        await UserAsync("rui");
        Assert.Equal(0u, (await _portal.CardRemovedAsync(new(), await SignInAsync("rui"))).Locked);
        Assert.Null((await SeenByItAsync(session)).LockedSince);
    }

    /// <summary>For tests of reports: nobody is connected.</summary>
    internal static LockSessions Locks(Database database, SessionStore store) => new(
        store, new AgentDirectory(new CommandEpoch(), TimeProvider.System), new GatewayDirectory(new GatewayStore(database)), new Node(Guid.NewGuid()), Options.Create(new Broker.Sessions.SessionOptions()), TimeProvider.System, NullLogger<LockSessions>.Instance);

    private List<Command> Orders() => [.. _agent.Commands];

    private Task SweepAsync() => _broker.Services.GetRequiredService<LockSessions>().RunAsync(Ct);

    // Launched, redeemed, logged on.
    private async Task<(SessionId Session, string Ticket)> AtWorkAsync(CallOptions by)
    {
        var (ticket, ready) = await ReadyAsync(by);
        Assert.NotNull((await RedeemAsync(ticket)).Target);
        var session = new SessionId(Guid.Parse(ready.SessionId));
        await SayAsync(session, GuestSessionState.Active, locked: false);
        await Until.EqualAsync("active", () => _rows.SessionStateAsync(session));
        return (session, ticket);
    }

    private async Task<(string Ticket, LaunchReady Ready)> ReadyAsync(CallOptions by)
    {
        var last = await LastAsync(by);
        await _rows.ExecuteAsync("update ticket set expires_at = now() + interval '1 hour'", new { });   // thirty seconds are short where everything is slow
        return last.Ready is { } ready ? (ready.Ticket, ready) : throw new InvalidOperationException($"{last}");
    }

    private async Task<LaunchProgress> LastAsync(CallOptions by)
    {
        using var call = _portal.Launch(new() { PoolId = _pool.Value.ToString(), RequestId = Guid.NewGuid().ToString() }, by);
        LaunchProgress? last = null;
        await foreach (var progress in call.ResponseStream.ReadAllAsync(Ct)) last = progress;
        return last!;
    }

    private async Task<RedeemResponse> RedeemAsync(string ticket)
    {
        var gateway = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into gateway (gateway_id, name, rdp_address) values (@gateway, @gateway::text, 'gw:3389')", new { gateway });
        return await _broker.Services.GetRequiredService<RedeemTicket>().RunAsync(new(gateway), new RedeemRequest { Ticket = ticket, ClientAddress = "10.1.1.1" }, Ct);
    }

    private async Task<Session> SeenByItAsync(SessionId session)
    {
        var administrator = With(await TestFactor.AdministratorAsync(_broker.Services, "rosa", Password));
        return (await new AdminSessions.SessionsClient(_broker.Api()).GetAsync(new() { SessionId = session.Value.ToString() }, administrator)).Session;
    }

    private async Task<CallOptions> SignInAsync(string user = "ana") =>
        With((await _portal.SignInAsync(new SignInRequest { UserName = user, Password = Password }, cancellationToken: Ct)).SignedIn.Token);

    private async Task AgainAsync(SessionId session, bool locked)
    {
        await _agent.DisposeAsync();
        _agents.Remove(_agent);
        _agent = await ConnectAsync();
        await _agent.SayAsync(new AgentMessage { Sessions = new Contracts.Agent.V1.SessionsSnapshot { Sessions = { Guest(session, GuestSessionState.Active, locked) } } });
    }

    private async Task<ConnectedAgent> ConnectAsync()
    {
        var agent = await ConnectedAgent.ConnectAsync(_broker.Channel(await _broker.IssueAsync(PeerKind.Machine, _machine.Value), null), "boot 1", null);
        _agents.Add(agent);
        await agent.WelcomedAsync();
        return agent;
    }

    private Task SayAsync(SessionId session, GuestSessionState state, bool locked) => _agent.SayAsync(new AgentMessage { SessionChanged = Guest(session, state, locked) });

    private static GuestSession Guest(SessionId session, GuestSessionState state, bool locked) =>
        new() { GuestSessionId = "c1", UserName = "ana", State = state, SessionId = session.Value.ToString(), LoggedOnAt = DateTimeOffset.UtcNow.ToTimestamp(), Locked = locked };

    private static CallOptions With(string token) => new(new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: Ct);

    private static async Task<string?> ReasonAsync<T>(Func<Task<T>> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason");

    private async Task<UserId> UserAsync(string name, bool administrator = false)
    {
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(Password);
        var by = new Caller(new UserId(Guid.Empty), "tester", "Tester", Audience.Administrator, "192.0.2.9", new string('0', 64));
        var user = new UserId(Guid.CreateVersion7());
        await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(user, name, name, true, administrator), hash!, by);
        return user;
    }
}
