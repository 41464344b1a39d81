using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;
using AssistanceState = Montalegre.Vdi.Contracts.Admin.V1.AssistanceState;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;

namespace Montalegre.Vdi.Broker.Tests.Assistance;

/// <summary>An assistance from question to end, over real TLS, as administrators and a gateway live it; PostgreSQL decides.</summary>
public sealed class AssistanceTests(TestCluster cluster) : IAsyncLifetime
{
    private const string Password = "quatro cavalos verdes";
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Arrange _rows = null!;
    private Assistances.AssistancesClient _console = null!;
    private GatewayAssistance.GatewayAssistanceClient _gateway = null!;
    private Guid _gatewayId;
    private CallOptions _rosa, _rui;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(["--Assistance:CompareEvery=00:00:00.200", "--Assistance:AnswerWithin=00:10:00", "--Assistance:OpenWithin=00:10:00", "--Assistance:TicketLifetime=00:10:00"]);
        _rows = new Arrange(_broker.Database.DataSource);
        _console = new(_broker.Api());
        (_rosa, _rui) = (await AdministratorAsync("rosa"), await AdministratorAsync("rui"));
        (_gatewayId, _gateway) = await GatewayAsync();
        await Administration.AdminMethods.EverythingIsToldAsync(_broker);
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Assistance_goes_from_question_over_consent_and_ticket_to_its_end_and_every_step_is_audited()
    {
        var (session, connection) = await DesktopAsync();
        using var orders = _gateway.Follow(new() { PortalPort = 8443 }, cancellationToken: Ct);
        Assert.Empty((await NextAsync(orders)).Snapshot.Orders);

        var asked = await _console.AskAsync(new() { SessionId = session, Control = true, Reason = "Impressora não responde" }, _rosa);
        Assert.Equal((AssistanceState.Asked, "rosa", true), (asked.State, asked.Administrator, asked.Control));
        var order = Assert.Single((await NextAsync(orders)).Changes.Orders);
        Assert.Equal((asked.AssistanceId, connection, AssistanceStep.Asked, "Rosa", "Impressora não responde", true), (order.AssistanceId, order.ConnectionId, order.Step, order.Who, order.Why, order.Control));
        await RefusedAsync("ASSIST_OVER", () => _console.OpenAsync(new() { AssistanceId = asked.AssistanceId }, _rosa));

        Assert.Null((await _gateway.AnswerAsync(new() { AssistanceId = asked.AssistanceId, Granted = true }, cancellationToken: Ct)).Refused);
        await RefusedAsync("ASSIST_OVER", () => _console.OpenAsync(new() { AssistanceId = asked.AssistanceId }, _rui));
        var opening = await _console.OpenAsync(new() { AssistanceId = asked.AssistanceId }, _rosa);
        Assert.Equal("https://127.0.0.1:8443", opening.Address);

        var shown = (await RedeemAsync(opening.Ticket)).Redeemed;
        Assert.Equal((asked.AssistanceId, connection, true, "Rosa"), (shown.AssistanceId, shown.ConnectionId, shown.Control, shown.Who));
        Assert.Equal(AssistanceState.Watching, await StateAsync(session));

        await _gateway.EndAsync(new() { AssistanceId = asked.AssistanceId, End = AssistanceEnd.Person }, cancellationToken: Ct);
        await _gateway.EndAsync(new() { AssistanceId = asked.AssistanceId, End = AssistanceEnd.ViewerLeft }, cancellationToken: Ct);
        var over = Assert.Single((await _console.ListAsync(new() { SessionId = session }, _rosa)).Cases);
        Assert.Equal((AssistanceState.Ended, "person"), (over.State, over.EndReason));
        await Until.TrueAsync(async () => (await NextAsync(orders)).Changes.Orders.Any(o => o.Step == AssistanceStep.Over), "the gateway hears of the end");

        Assert.Equal(
            ["assistance.asked rosa ok control: Impressora não responde", "assistance.granted ana ok control: rosa", "assistance.began rosa ok control", "assistance.ended ana ok person 0"],
            (await AuditAsync(session)).Select(a => System.Text.RegularExpressions.Regex.Replace(a, "[0-9]+$", "0")));   // however many seconds it took
    }

    [Fact]
    public async Task One_of_two_who_ask_at_once_gets_the_session()
    {
        var (session, _) = await DesktopAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => AskAsync(session, i % 2 == 0 ? _rosa : _rui)));

        Assert.Single(answers, a => a is "ok");
        Assert.Equal(15, answers.Count(a => a == "ASSIST_RUNNING"));
        Assert.Equal(16, await _rows.AuditsAsync(Guid.Parse(session), "assistance.asked"));
    }

    [Fact]
    public async Task Question_is_refused_with_the_reason_where_nobody_could_be_asked()
    {
        var (native, _) = await DesktopAsync(inBrowser: false);
        var (nobody, connection) = await DesktopAsync();
        await _rows.ExecuteAsync("update connection set closed_at = now() where connection_id = @id", new { id = Guid.Parse(connection) });
        var (ended, _) = await DesktopAsync();
        await _rows.ExecuteAsync("update session set state = 'ended' where session_id = @id", new { id = Guid.Parse(ended) });
        var (away, _) = await DesktopAsync();

        Assert.Equal("ASSIST_NOT_IN_BROWSER", await AskAsync(native, _rosa));
        Assert.Equal("ASSIST_NOT_CONNECTED", await AskAsync(nobody, _rosa));
        Assert.Equal("SESSION_ENDED", await AskAsync(ended, _rosa));
        Assert.Equal("NOT_FOUND", await AskAsync(Guid.NewGuid().ToString(), _rosa));
        await RefusedAsync("INVALID_FIELD", () => _console.AskAsync(new() { SessionId = away, Reason = "  " }, _rosa));
        await _rows.ExecuteAsync("update gateway set connected = false where gateway_id = @id", new { id = _gatewayId });
        Assert.Equal("ASSIST_NOT_CONNECTED", await AskAsync(away, _rosa));
    }

    [Fact]
    public async Task No_counts_and_so_does_no_answer_and_a_yes_after_either_is_too_late()
    {
        var (session, _) = await DesktopAsync();
        var first = await AskedAsync(session);
        Assert.Null((await AnswerAsync(first, granted: false)).Refused);
        Assert.Equal(AssistanceState.Denied, await StateAsync(session));
        Assert.Equal(ReasonCode.AssistOver, (await AnswerAsync(first, granted: true)).Refused.Code);

        var second = await AskedAsync(session);
        await PassAsync(second);
        await Until.TrueAsync(async () => await StateAsync(session) == AssistanceState.Expired, "no answer is a no");
        Assert.Equal(ReasonCode.AssistOver, (await AnswerAsync(second, granted: true)).Refused.Code);

        var third = await GrantedAsync(session);
        await PassAsync(third);
        await Until.TrueAsync(async () => await StateAsync(session) == AssistanceState.Ended, "what is not opened ends");
        Assert.Equal("assistance.ended broker ok not_opened 0", (await AuditAsync(session)).Last());
        Assert.Equal("ok", await AskAsync(session, _rui));
    }

    [Fact]
    public async Task Yes_that_comes_in_time_for_the_gateway_but_late_for_the_database_is_refused_even_before_any_sweep()
    {
        var (session, _) = await DesktopAsync();
        var asked = await AskedAsync(session);
        await using var held = await _broker.Database.DataSource.OpenConnectionAsync(Ct);
        await using var transaction = await held.BeginTransactionAsync(Ct);
        await using var late = new Npgsql.NpgsqlCommand("update assistance set state_until = now() - interval '1 second' where assistance_id = $1", held, transaction) { Parameters = { new() { Value = Guid.Parse(asked) } } };
        await late.ExecuteNonQueryAsync(Ct);
        var answer = AnswerAsync(asked, granted: true);        // waits for the row
        await transaction.CommitAsync(Ct);
        Assert.Equal(ReasonCode.AssistOver, (await answer).Refused.Code);
    }

    [Fact]
    public async Task Ticket_opens_once_at_its_gateway_and_a_newer_one_replaces_it()
    {
        var (session, _) = await DesktopAsync();
        await FollowedAsync();
        var granted = await GrantedAsync(session);
        var old = (await OpenAsync(granted)).Ticket;
        var ticket = (await OpenAsync(granted)).Ticket;
        var (_, other) = await GatewayAsync();

        Assert.Equal(ReasonCode.TicketUnknown, (await RedeemAsync(old)).Refused.Code);
        Assert.Equal(ReasonCode.TicketForeign, (await other.RedeemAsync(new() { Ticket = ticket, ClientAddress = "10.9.9.9" }, cancellationToken: Ct)).Refused.Code);
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => RedeemAsync(ticket)));
        Assert.Single(answers, a => a.Redeemed is not null);
        Assert.All(answers.Where(a => a.Redeemed is null), a => Assert.Equal(ReasonCode.TicketUsed, a.Refused.Code));
        Assert.Equal(ReasonCode.TicketUnknown, (await RedeemAsync("no ticket")).Refused.Code);

        // The page was closed and is opened again, which needs no second question.
        Assert.NotNull((await RedeemAsync((await OpenAsync(granted)).Ticket)).Redeemed);
        var late = (await OpenAsync(granted)).Ticket;
        await _rows.ExecuteAsync("update assistance set ticket_expires_at = now() - interval '1 s' where assistance_id = @id", new { id = Guid.Parse(granted) });
        Assert.Equal(ReasonCode.TicketExpired, (await RedeemAsync(late)).Refused.Code);
        var last = (await OpenAsync(granted)).Ticket;
        await _console.EndAsync(new() { AssistanceId = granted }, _rosa);
        Assert.Equal(ReasonCode.AssistOver, (await RedeemAsync(last)).Refused.Code);
        Assert.Equal(0, await _rows.ScalarAsync<int>($"select count(*)::integer from assistance where assistance_id = @id and (position('{last}' in assistance::text) > 0)", Guid.Parse(granted)));
    }

    [Theory]
    [InlineData("delete from sign_in where user_id = (select user_id from app_user where user_name = 'rosa') and @id is not null", "sign_in")]
    [InlineData("update app_user set administrator = false where user_name = 'rosa' and @id is not null", "right")]
    [InlineData("update app_user set enabled = false where user_name = 'rosa' and @id is not null", "right")]
    [InlineData("update session set state = 'ended' where session_id = @id", "session")]
    [InlineData("update connection set closed_at = now() where session_id = @id", "connection")]
    public async Task Assistance_ends_with_what_it_lives_by_and_its_ticket_with_it(string sql, string why)
    {
        var (session, _) = await DesktopAsync();
        await FollowedAsync();
        var granted = await GrantedAsync(session);
        Assert.NotNull((await RedeemAsync((await OpenAsync(granted)).Ticket)).Redeemed);
        var next = (await OpenAsync(granted)).Ticket;

        await _rows.ExecuteAsync(sql, new { id = Guid.Parse(session) });

        await Until.EqualAsync(why, () => _rows.ScalarAsync<string>("select end_reason from assistance where assistance_id = @id", Guid.Parse(granted)));
        Assert.Equal(ReasonCode.AssistOver, (await RedeemAsync(next)).Refused.Code);
    }

    [Fact]
    public async Task Gateway_that_comes_back_hears_what_is_open_and_nothing_of_what_is_over()
    {
        var ((open, _), (over, _)) = (await DesktopAsync(), await DesktopAsync());
        var kept = await GrantedAsync(open);
        await _console.EndAsync(new() { AssistanceId = await GrantedAsync(over) }, _rui);

        using var orders = _gateway.Follow(new(), cancellationToken: Ct);
        var order = Assert.Single((await NextAsync(orders)).Snapshot.Orders);

        Assert.Equal((kept, AssistanceStep.Granted), (order.AssistanceId, order.Step));
        await RefusedAsync("ASSIST_OVER", () => _console.OpenAsync(new() { AssistanceId = kept }, _rosa));    // it named no address for pages
    }

    [Fact]
    public async Task Gateway_answers_and_ends_only_its_own()
    {
        var (session, _) = await DesktopAsync();
        var asked = await AskedAsync(session);
        var (_, other) = await GatewayAsync();

        Assert.Equal(ReasonCode.AssistOver, (await other.AnswerAsync(new() { AssistanceId = asked, Granted = true }, cancellationToken: Ct)).Refused.Code);
        await other.EndAsync(new() { AssistanceId = asked, End = AssistanceEnd.Person }, cancellationToken: Ct);

        Assert.Equal(AssistanceState.Asked, await StateAsync(session));
    }

    [Fact]
    public async Task Person_reads_of_every_look_at_the_own_desktops_and_of_no_others()
    {
        var (session, _) = await DesktopAsync();
        await GrantedAsync(session);
        await AskedAsync((await DesktopAsync()).Session);
        var user = await _rows.ScalarAsync<string>("select user_name from app_user join session using (user_id) where session_id = @id", Guid.Parse(session));
        await _rows.ExecuteAsync("update app_user set password_hash = @hash where user_name = @user", new { user, hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(Password) });
        var token = Assert.IsType<SignInOutcome.SignedIn>(await _broker.Services.GetRequiredService<SignInUser>().RunAsync(user, Password, Audience.Employee, "192.0.2.1", "", Ct)).Token;

        var own = await new Employee.EmployeeClient(_broker.Api()).ListAssistancesAsync(new(), new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: Ct);

        var look = Assert.Single(own.Assistances);
        Assert.Equal(("Rosa", "um motivo", false, OwnAssistanceState.Granted), (look.Who, look.Reason, look.Control, look.State));
        Assert.NotNull(look.AnsweredAt);
        Assert.Null(look.BeganAt);
    }

    [Fact]
    public async Task Watchers_of_sessions_hear_of_an_assistance_as_a_change_of_its_session()
    {
        var (session, _) = await DesktopAsync();
        using var watch = new Contracts.Admin.V1.Sessions.SessionsClient(_broker.Api()).Watch(new(), _rosa);
        Assert.True(await watch.ResponseStream.MoveNext(Ct));

        await AskedAsync(session);

        // The row must differ, or a page that compares rows would not look again.
        await Until.TrueAsync(async () => await watch.ResponseStream.MoveNext(Ct) && watch.ResponseStream.Current.Changes?.Changed.Any(s => s.SessionId == session && s.Assistance == AssistanceState.Asked && s.AssistanceAt is not null) == true, "the session is told as changed");
    }

    private async Task<CallOptions> AdministratorAsync(string name)
    {
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(Password);
        var by = new Caller(new UserId(Guid.Empty), "tester", "Tester", Audience.Administrator, "192.0.2.9", new string('0', 64));
        await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), name, char.ToUpperInvariant(name[0]) + name[1..], true, true), hash!, by);
        return new(new Metadata { { "authorization", $"Bearer {await TestFactor.AdministratorAsync(_broker.Services, name, Password)}" } }, cancellationToken: Ct);
    }

    private async Task<(Guid, GatewayAssistance.GatewayAssistanceClient)> GatewayAsync()
    {
        var gateway = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into gateway (gateway_id, name, rdp_address, connected) values (@gateway, @gateway::text, '127.0.0.1:3389', true)", new { gateway });
        return (gateway, new(_broker.Channel(await _broker.IssueAsync(PeerKind.Gateway, gateway))));
    }

    /// <summary>An open session of somebody named Ana, shown at the gateway.</summary>
    private async Task<(string Session, string Connection)> DesktopAsync(bool inBrowser = true)
    {
        var session = await _rows.SessionAsync(await _rows.MachineAsync("floating", "available"), "active", "c1");
        var connection = Guid.NewGuid();
        await _rows.ExecuteAsync(
            "insert into connection (connection_id, session_id, gateway_id, opened_at, in_browser) values (@connection, @session, @gateway, now(), @inBrowser)",
            new { connection, session = session.Value, gateway = _gatewayId, inBrowser });
        return (session.Value.ToString(), connection.ToString());
    }

    private async Task<string> AskAsync(string session, CallOptions by)
    {
        try { await _console.AskAsync(new() { SessionId = session, Reason = "um motivo" }, by); }
        catch (RpcException e) { return e.Trailers.GetValue("reason") ?? e.Message; }
        return "ok";
    }

    private async Task<string> AskedAsync(string session) => (await _console.AskAsync(new() { SessionId = session, Reason = "um motivo" }, _rosa)).AssistanceId;

    private async Task<string> GrantedAsync(string session)
    {
        var asked = await AskedAsync(session);
        Assert.Null((await AnswerAsync(asked, granted: true)).Refused);
        return asked;
    }

    private async Task<AnswerAssistanceResponse> AnswerAsync(string id, bool granted) => await _gateway.AnswerAsync(new() { AssistanceId = id, Granted = granted }, cancellationToken: Ct);

    private async Task<AssistanceOpening> OpenAsync(string id) => await _console.OpenAsync(new() { AssistanceId = id }, _rosa);

    private async Task<RedeemAssistanceResponse> RedeemAsync(string ticket) => await _gateway.RedeemAsync(new() { Ticket = ticket, ClientAddress = "10.1.1.1" }, cancellationToken: Ct);

    /// <summary>The gateway has said where its pages are.</summary>
    private async Task FollowedAsync()
    {
        using var orders = _gateway.Follow(new() { PortalAddress = "https://desktops.example.pt" }, cancellationToken: Ct);
        await NextAsync(orders);
    }

    /// <summary>The time that this state has is over.</summary>
    private Task PassAsync(string id) => _rows.ExecuteAsync("update assistance set state_until = now() - interval '1 second' where assistance_id = @id", new { id = Guid.Parse(id) });

    private async Task<AssistanceState> StateAsync(string session) => (await _console.ListAsync(new() { SessionId = session }, _rui)).Cases[0].State;

    private async Task<List<string>> AuditAsync(string session)
    {
        var events = await new Audit.AuditClient(_broker.Api()).ListAsync(new() { ObjectId = session, Limit = 100 }, _rosa);
        var user = await _rows.ScalarAsync<string>("select user_name from app_user join session using (user_id) where session_id = @id", Guid.Parse(session));
        return [.. events.Events.Where(e => e.Action.StartsWith("assistance.", StringComparison.Ordinal)).Reverse().Select(e => $"{e.Action} {(e.Actor == user ? "ana" : e.Actor)} {e.Outcome} {e.Reference}")];
    }

    private static async Task<AssistanceUpdate> NextAsync(AsyncServerStreamingCall<AssistanceUpdate> orders)
    {
        Assert.True(await orders.ResponseStream.MoveNext(Ct));
        return orders.ResponseStream.Current;
    }

    private static async Task RefusedAsync<T>(string reason, Func<AsyncUnaryCall<T>> call) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<RpcException>(async () => await call())).Trailers.GetValue("reason"));
}
