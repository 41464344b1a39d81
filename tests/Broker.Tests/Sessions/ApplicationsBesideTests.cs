using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
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
using ApplicationsApi = Montalegre.Vdi.Contracts.Admin.V1.Applications;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;

namespace Montalegre.Vdi.Broker.Tests.Sessions;

/// <summary>Two applications of one pool in one session: a whole broker, real PostgreSQL, the public API; agents are pretended.</summary>
public sealed class ApplicationsBesideTests(TestCluster cluster) : IAsyncLifetime
{
    private const string Password = "quatro cavalos verdes", Open = "OTHER_PROGRAM_OPEN";
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private readonly List<ConnectedAgent> _agents = [];
    private Arrange _rows = null!;
    private Employee.EmployeeClient _portal = null!;
    private ApplicationsApi.ApplicationsClient _applications = null!;
    private CallOptions _administrator;
    private CallOptions _ana;
    private MachineId _machine;
    private PoolId _pool;
    private ConnectedAgent _agent = null!;
    private Application _calculator = null!;
    private Application _editor = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(["--Sessions:TimeoutsEvery=10:00:00", "--Sessions:CommandWithin=00:01:00"]);
        _rows = new(_broker.Database.DataSource);
        (_portal, _applications) = (new(_broker.Api()), new(_broker.Api()));
        await UserAsync("rosa", administrator: true);
        _administrator = With(await TestFactor.AdministratorAsync(_broker.Services, "rosa", Password));
        var ana = await UserAsync("ana");
        _ana = With((await _portal.SignInAsync(new SignInRequest { UserName = "ana", Password = Password }, cancellationToken: Ct)).SignedIn.Token);
        _machine = await _rows.MachineAsync("floating", "available");
        _pool = new(await _rows.ScalarAsync<Guid>("select pool_id from machine where machine_id = @id", _machine.Value));
        await _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = _pool.Value, user = ana.Value });
        _agent = await ConnectAsync();
        (_calculator, _editor) = (await PublishAsync("Calculadora", "xcalc"), await PublishAsync("Editor", "/opt/o meu/editor", "--new \"$HOME\""));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents) await agent.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Second_application_opens_in_the_session_of_the_first_and_everybody_is_told_which_are_open()
    {
        var session = await AtWorkAsync(_calculator);
        var card = await CardAsync("Editor");
        Assert.Equal((DesktopState.Ready, "Calculadora", "", ""), (card.State, card.OpensBeside, card.SessionId, card.OpenInstead));
        Assert.Null(card.Reason);

        var ready = (await LastAsync(_editor)).Ready;

        Assert.Equal((session.Value.ToString(), true), (ready.SessionId, ready.Reconnection));
        var order = Assert.Single(Orders());
        Assert.Equal(("c1", _editor.ApplicationId, "'/opt/o meu/editor' --new \"$HOME\""), (order.GuestSessionId, order.Name, order.Line));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from session where state <> 'ended'", _pool.Value));
        Assert.Equal("xcalc", await _rows.ScalarAsync<string>("select program from session where session_id = @id", session.Value));     // what a ticket says
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.program"));
        var shown = await ShownAsync(session);
        Assert.Equal(["Calculadora", "Editor"], shown.Applications);
        Assert.Equal("Calculadora", shown.ApplicationName);                                     // what it was opened with
        foreach (var name in new[] { "Editor", "Calculadora" }) Assert.Equal((DesktopState.SessionActive, session.Value.ToString(), ""), await CardAsync(name) is var c ? (c.State, c.SessionId, c.OpensBeside) : default);
        var desktop = (await _portal.ListDesktopsAsync(new(), _ana)).Desktops.Single();
        Assert.Equal((DesktopState.Unavailable, ReasonCode.OtherProgramOpen, "Calculadora, Editor"), (desktop.State, desktop.Reason.Code, desktop.OpenInstead));
        Assert.Equal([1u, 1u], (await _applications.ListAsync(new() { PoolId = _editor.PoolId }, _administrator)).Applications.Select(a => a.Sessions));

        // The whole desktop is another thing, as ever.
        var refused = (await LastAsync(null)).Refused;
        Assert.Equal((ReasonCode.OtherProgramOpen, "Calculadora, Editor"), (refused.Code, refused.Detail));
    }

    [Fact]
    public async Task Programs_that_end_are_told_of_and_are_started_again_when_they_are_asked_for_again_the_first_one_too()
    {
        var session = await AtWorkAsync(_calculator);
        await LastAsync(_editor);
        await SayAsync(session, running: [_editor.ApplicationId]);
        await Until.EqualAsync("Editor", async () => string.Join(',', (await ShownAsync(session)).Applications));
        Assert.Equal((DesktopState.Ready, "Editor"), await CardAsync("Calculadora") is var card ? (card.State, card.OpensBeside) : default);

        Assert.Equal(session.Value.ToString(), (await LastAsync(_calculator)).Ready.SessionId);

        Assert.Equal([_editor.ApplicationId, "first"], Orders().Select(o => o.Name));
        Assert.Equal(2, await _rows.AuditsAsync(session.Value, "session.program"));
        await SayAsync(session, running: ["first", _editor.ApplicationId]);
        Assert.Equal(["Editor", "Calculadora"], (await ShownAsync(session)).Applications);

        // Asked for while it runs: the agent is asked whether it still does, and nothing is on record.
        Assert.Equal(session.Value.ToString(), (await LastAsync(_editor)).Ready.SessionId);
        Assert.Equal(3, Orders().Count);
        Assert.Equal(2, await _rows.AuditsAsync(session.Value, "session.program"));
    }

    [Fact]
    public async Task Many_launches_of_two_applications_at_once_come_to_one_session_with_both()
    {
        var session = await AtWorkAsync(_calculator);
        var mail = await PublishAsync("Correio", "mail");

        var last = await Task.WhenAll(Enumerable.Range(0, 16).Select(n => Task.Run(() => LastAsync(n % 2 == 0 ? _editor : mail))));

        Assert.All(last, l => Assert.Equal(session.Value.ToString(), l.Ready?.SessionId));
        Assert.Equal([mail.ApplicationId, _editor.ApplicationId], Orders().Select(o => o.Name).Distinct().OrderBy(n => n == _editor.ApplicationId));
        Assert.Equal(2, await _rows.AuditsAsync(session.Value, "session.program"));
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::integer from session_program where due", _pool.Value));
        Assert.Equal(["Calculadora", "Correio", "Editor"], (await ShownAsync(session)).Applications.Order());
    }

    [Fact]
    public async Task Two_applications_asked_for_at_once_where_nothing_is_open_share_the_session_that_one_of_them_opens()
    {
        var last = await Task.WhenAll(LastAsync(_calculator), LastAsync(_editor));

        Assert.Single(last, l => !l.Ready.Reconnection);
        var session = Guid.Parse(Assert.Single(last.Select(l => l.Ready.SessionId).Distinct()));
        Assert.Empty(Orders());                                                       // nobody is there yet
        await SayAsync(new(session), running: ["first"]);
        await Until.EqualAsync(1, () => Task.FromResult(Orders().Count));
        var second = await _rows.ScalarAsync<string>("select p.application_id::text from session_program p join session s using (session_id) where p.application_id <> s.application_id and s.session_id = @id", session);
        Assert.Equal(second, Orders().Single().Name);
        await Until.EqualAsync(0, () => _rows.ScalarAsync<int>("select count(*)::integer from session_program where due", _pool.Value));
    }

    [Fact]
    public async Task Order_that_got_lost_is_given_again_under_the_same_launch_and_no_more_once_it_is_answered()
    {
        var session = await AtWorkAsync(_calculator);
        var options = _broker.Services.GetRequiredService<IOptions<Broker.Sessions.SessionOptions>>().Value;
        (var patience, options.CommandWithin) = (options.CommandWithin, TimeSpan.FromSeconds(2));     // an answer that does not come is not waited for long
        _agent.Answer = c => c.StartProgram is null ? new() { CommandId = c.CommandId, Ok = true } : null;
        Assert.Equal(session.Value.ToString(), (await LastAsync(_editor)).Ready.SessionId);      // whether the agent is there shows when the ticket is redeemed
        await Until.EqualAsync(false, () => Task.FromResult(AllOrders().Count == 0));
        options.CommandWithin = patience;
        _agent.Answer = c => new() { CommandId = c.CommandId, Ok = true };

        await SweepAsync();
        var given = AllOrders().Count;
        await SweepAsync();

        Assert.InRange(given, 2, 3);                                                             // a sweep that was rung just before may have given it, too
        Assert.Equal(given, AllOrders().Count);
        Assert.Single(Orders());
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.program"));
    }

    [Fact]
    public async Task Session_that_ended_with_its_last_program_is_followed_by_a_new_one()
    {
        var session = await AtWorkAsync(_calculator);
        await _rows.MachineAsync(_pool, "available");
        _agent.Answer = c =>
        {
            if (c.StartProgram is null) return new() { CommandId = c.CommandId, Ok = true };
            _ = _agent.SayAsync(new AgentMessage { SessionClosed = new SessionClosed { GuestSessionId = "c1", SessionId = session.Value.ToString(), ClosedAt = DateTimeOffset.UtcNow.ToTimestamp() } });
            return new() { CommandId = c.CommandId, Error = "there is no such session on this machine" };
        };

        var ready = (await LastAsync(_editor)).Ready;

        Assert.NotEqual(session.Value.ToString(), ready.SessionId);
        Assert.False(ready.Reconnection);
        Assert.Equal(["Editor"], (await ShownAsync(new(Guid.Parse(ready.SessionId)))).Applications);
        Assert.Equal(["Calculadora"], (await ShownAsync(session)).Applications);
    }

    [Fact]
    public async Task Agent_that_knows_nothing_of_it_keeps_the_old_refusal_on_the_card_and_at_the_launch()
    {
        await _agent.DisposeAsync();
        _agent = await ConnectAsync(startsPrograms: false);
        var session = await AtWorkAsync(_calculator);
        var card = await CardAsync("Editor");
        Assert.Equal((DesktopState.Unavailable, ReasonCode.OtherProgramOpen, "Calculadora", session.Value.ToString()), (card.State, card.Reason.Code, card.OpenInstead, card.SessionId));
        var refused = (await LastAsync(_editor)).Refused;
        Assert.Equal((ReasonCode.OtherProgramOpen, "Calculadora"), (refused.Code, refused.Detail));
        Assert.Equal(session.Value.ToString(), (await LastAsync(_calculator)).Ready.SessionId);
        Assert.Empty(Orders());
    }

    [Fact]
    public async Task Machine_that_cannot_after_all_has_the_person_told_so_and_nothing_is_open_but_what_was()
    {
        var session = await AtWorkAsync(_calculator);
        _agent.Answer = c => c.StartProgram is null ? new() { CommandId = c.CommandId, Ok = true } : new() { CommandId = c.CommandId, Error = "this agent does not know the command; update the agent" };

        var refused = (await LastAsync(_editor)).Refused;

        Assert.Equal((ReasonCode.OtherProgramOpen, "Calculadora"), (refused.Code, refused.Detail));
        var orders = AllOrders().Count;
        Assert.InRange(orders, 2, 3);                                                 // it may have been a session that just ended
        Assert.Equal(Open, await _rows.ScalarAsync<string>("select distinct outcome from audit_event where action = 'session.program' and object_id = @id", session.Value));
        Assert.Equal(["Calculadora"], (await ShownAsync(session)).Applications);
        await SweepAsync();
        Assert.Equal(orders, AllOrders().Count);
        Assert.Equal(session.Value.ToString(), (await LastAsync(_calculator)).Ready.SessionId);     // what runs is still the person's
    }

    [Fact]
    public async Task Application_narrowed_to_others_is_refused_as_ever()
    {
        await AtWorkAsync(_calculator);
        var sap = await _applications.PublishAsync(new() { PoolId = _pool.Value.ToString(), Name = "SAP", Program = "sap", Narrowed = true }, _administrator);
        Assert.Equal(ReasonCode.ApplicationUnknown, (await LastAsync(sap)).Refused.Code);
        Assert.Empty(Orders());
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from session_program", _pool.Value));
    }

    [Fact]
    public async Task Application_is_refused_while_the_whole_desktop_is_open()
    {
        await AtWorkAsync(null);
        Assert.Equal(ReasonCode.OtherProgramOpen, (await LastAsync(_editor)).Refused.Code);
        Assert.Equal(ReasonCode.OtherProgramOpen, (await CardAsync("Editor")).Reason.Code);
        Assert.Empty(Orders());
    }

    [Fact]
    public async Task Shared_machine_starts_it_in_the_session_of_who_asked()
    {
        await _rows.ExecuteAsync("update pool set kind = 'multi_session', sessions_per_machine = 4 where pool_id = @pool", new { pool = _pool.Value });
        var session = await AtWorkAsync(_calculator);
        Assert.Equal(session.Value.ToString(), (await LastAsync(_editor)).Ready.SessionId);
        Assert.Equal("c1", Assert.Single(Orders()).GuestSessionId);
        Assert.Equal(["Calculadora", "Editor"], (await ShownAsync(session)).Applications);
    }

    /// <summary>For tests of launches and reports: nobody is connected.</summary>
    internal static StartPrograms Programs(Database database) => new(
        new SessionStore(database), new AgentDirectory(new CommandEpoch(), TimeProvider.System), new Node(Guid.NewGuid()), Options.Create(new Broker.Sessions.SessionOptions()), TimeProvider.System, NullLogger<StartPrograms>.Instance);

    // A sweep that was rung just before may order what a launch orders at that moment: the agent knows them for one by the launch's id.
    private List<StartProgram> Orders() => [.. AllOrders().DistinctBy(o => (o.Name, o.LaunchId))];

    private List<StartProgram> AllOrders() => [.. _agents.SelectMany(a => a.Commands).Where(c => c.StartProgram is not null).Select(c => c.StartProgram)];

    private Task SweepAsync() => _broker.Services.GetRequiredService<StartPrograms>().RunAsync(Ct);

    // Launched and logged on.
    private async Task<SessionId> AtWorkAsync(Application? application)
    {
        var session = new SessionId(Guid.Parse((await LastAsync(application)).Ready.SessionId));
        await SayAsync(session, application is null ? null : ["first"]);
        await Until.EqualAsync("active", () => _rows.SessionStateAsync(session));
        return session;
    }

    private Task SayAsync(SessionId session, string[]? running) => _agent.SayAsync(new AgentMessage
    {
        SessionChanged = new GuestSession
        {
            GuestSessionId = "c1", UserName = "ana", State = GuestSessionState.Active, SessionId = session.Value.ToString(), LoggedOnAt = DateTimeOffset.UtcNow.ToTimestamp(),
            Programs = running is null ? null : new RunningPrograms { Names = { running } },
        },
    });

    private async Task<LaunchProgress> LastAsync(Application? application)
    {
        using var call = _portal.Launch(new() { PoolId = _pool.Value.ToString(), RequestId = Guid.NewGuid().ToString(), ApplicationId = application?.ApplicationId ?? "" }, _ana);
        LaunchProgress? last = null;
        await foreach (var progress in call.ResponseStream.ReadAllAsync(Ct)) last = progress;
        return last!;
    }

    private async Task<Desktop> CardAsync(string name) => (await _portal.ListDesktopsAsync(new(), _ana)).Applications.Single(a => a.Name == name);

    private async Task<Session> ShownAsync(SessionId session) =>
        (await new AdminSessions.SessionsClient(_broker.Api()).GetAsync(new() { SessionId = session.Value.ToString() }, _administrator)).Session;

    private Task<Application> PublishAsync(string name, string program, string arguments = "") =>
        _applications.PublishAsync(new() { PoolId = _pool.Value.ToString(), Name = name, Program = program, Arguments = arguments }, _administrator).ResponseAsync;

    private async Task<ConnectedAgent> ConnectAsync(bool startsPrograms = true)
    {
        var agent = await ConnectedAgent.ConnectAsync(_broker.Channel(await _broker.IssueAsync(PeerKind.Machine, _machine.Value), null), "boot 1", null, startsPrograms);
        _agents.Add(agent);
        await agent.WelcomedAsync();
        return agent;
    }

    private static CallOptions With(string token) => new(new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: Ct);

    private async Task<UserId> UserAsync(string name, bool administrator = false)
    {
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(Password);
        var by = new Caller(new UserId(Guid.Empty), "tester", "Tester", Audience.Administrator, "192.0.2.9", new string('0', 64));
        var user = new UserId(Guid.CreateVersion7());
        await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(user, name, name, true, administrator), hash!, by);
        return user;
    }
}
