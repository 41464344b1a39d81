using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Gateways;

public sealed class RedeemTests : IClassFixture<TestDatabase>
{
    private readonly TestDatabase _database;
    private readonly Arrange _rows;
    private readonly AgentDirectory _agents;

    public RedeemTests(TestDatabase database)
    {
        _database = database;
        _rows = new Arrange(database.DataSource);
        var epoch = new CommandEpoch();
        epoch.Learn(7);
        epoch.Learn(6);
        _agents = new AgentDirectory(epoch, TimeProvider.System);
    }

    [Fact]
    public async Task One_of_32_redemptions_of_one_ticket_wins()
    {
        var (machine, session, ticket) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);
        var redeem = Redeem();
        var gateway = await GatewayAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => AskAsync(redeem, gateway, ticket))));

        var target = Assert.Single(answers, a => a.Target is not null).Target;
        Assert.All(answers.Where(a => a.Target is null), a => Assert.Equal(ReasonCode.TicketUsed, a.Refused.Code));
        Assert.Equal("10.0.0.5", target.Address);
        Assert.Equal(3389u, target.Port);
        Assert.Equal(session.Value.ToString(), target.SessionId);
        Assert.Equal(32, target.CertificateSha256.Length);
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from connection where session_id = @id", session.Value));
        Assert.Equal(31, await _rows.AuditsAsync(session.Value, "ticket.refused"));
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "ticket.redeemed"));
    }

    [Fact]
    public async Task Agent_is_told_only_the_hash_of_the_secret_that_the_gateway_gets()
    {
        var (machine, session, ticket) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);

        var answer = await AskAsync(Redeem(), await GatewayAsync(), ticket);

        var command = Assert.Single(agent.Commands);
        Assert.Equal(7u, command.Epoch);
        Assert.Equal(60, command.Lifetime.Seconds);
        Assert.Equal(session.Value.ToString(), command.PrepareSignIn.SessionId);
        Assert.Equal(answer.Target.UserName, command.PrepareSignIn.UserName);
        Assert.Equal(SHA256.HashData(answer.Target.Secret.Span), command.PrepareSignIn.SecretSha256.ToByteArray());
        Assert.Equal(32, answer.Target.Secret.Length);
    }

    [Theory]
    [InlineData("10.1.1.1", 600, "10.1.1.2", ReasonCode.TicketForeign)]
    [InlineData(null, -1, "10.1.1.2", ReasonCode.TicketExpired)]
    [InlineData("10.1.1.1", -1, "10.1.1.2", ReasonCode.TicketForeign)]
    public async Task Foreign_or_expired_ticket_is_refused_and_stays_unused(string? boundTo, int seconds, string from, ReasonCode expected)
    {
        var (machine, session, _) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);
        var ticket = await _rows.TicketAsync(session, boundTo, seconds);

        var answer = await AskAsync(Redeem(), await GatewayAsync(), ticket, from);

        Assert.Equal(expected, answer.Refused.Code);
        Assert.Empty(agent.Commands);
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::integer from ticket where session_id = @id and used_at is not null", session.Value));
    }

    [Fact]
    public async Task Address_is_one_address_however_it_is_spelt()
    {
        var (machine, session, _) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);
        var ticket = await _rows.TicketAsync(session, "10.1.1.1", 600);

        var answer = await AskAsync(Redeem(), await GatewayAsync(), ticket, "::ffff:10.1.1.1");

        Assert.NotNull(answer.Target);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a ticket")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB")]   // bits are left over
    [InlineData("AAAAAAAAAAAAAAAAAAAAA!AAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    public async Task Whatever_is_no_ticket_is_unknown(string ticket)
    {
        var answer = await AskAsync(Redeem(), await GatewayAsync(), ticket);

        Assert.Equal(ReasonCode.TicketUnknown, answer.Refused.Code);
    }

    [Fact]
    public async Task Ticket_of_an_ended_session_opens_nothing()
    {
        var (_, session, ticket) = await LaunchedAsync();
        await _rows.ExecuteAsync("update session set state = 'ended' where session_id = @id", new { id = session.Value });

        var answer = await AskAsync(Redeem(), await GatewayAsync(), ticket);

        Assert.Equal(ReasonCode.SessionEnded, answer.Refused.Code);
    }

    [Fact]
    public async Task Silent_agent_uses_the_ticket_up_and_keeps_the_session()
    {
        var (_, session, ticket) = await LaunchedAsync();
        var gateway = await GatewayAsync();

        var answer = await AskAsync(Redeem(o => o.AgentBackWithin = TimeSpan.Zero), gateway, ticket);
        var again = await AskAsync(Redeem(), gateway, ticket);

        Assert.Equal(ReasonCode.AgentSilent, answer.Refused.Code);
        Assert.Equal(ReasonCode.TicketUsed, again.Refused.Code);
        Assert.Equal("pending", await _rows.SessionStateAsync(session));
        Assert.Equal("AGENT_SILENT", await _rows.ScalarAsync<string>("select end_reason from connection where session_id = @id", session.Value));
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "connection.failed"));
    }

    [Fact]
    public async Task Agent_that_is_on_its_way_back_after_a_restart_is_waited_for()
    {
        var (machine, session, ticket) = await LaunchedAsync();

        var asking = AskAsync(Redeem(o => o.AgentBackWithin = TimeSpan.FromMinutes(1)), await GatewayAsync(), ticket);
        await Until.EqualAsync(1, () => _rows.AuditsAsync(session.Value, "ticket.redeemed"));
        Assert.False(asking.IsCompleted);
        using var agent = TestAgent.Connect(_agents, machine);

        Assert.NotNull((await asking).Target);
    }

    [Fact]
    public async Task Agent_that_cannot_prepare_the_sign_in_is_a_reason_of_its_own()
    {
        var (machine, _, ticket) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine, ok: false);

        var answer = await AskAsync(Redeem(), await GatewayAsync(), ticket);

        Assert.Equal(ReasonCode.SignInNotPrepared, answer.Refused.Code);
    }

    [Fact]
    public async Task Source_that_guesses_a_thousand_tickets_a_minute_is_not_answered_and_audited_once()
    {
        var (machine, _, ticket) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);
        var redeem = Redeem(o => o.WrongTicketsPerMinute = 50, new FakeTimeProvider(DateTimeOffset.UtcNow));   // all within one minute
        var gateway = await GatewayAsync();
        for (var i = 0; i < 60; i++) await AskAsync(redeem, gateway, "guess", "10.9.9.9");

        var guesser = await AskAsync(redeem, gateway, ticket, "10.9.9.9");
        var other = await AskAsync(redeem, gateway, ticket, "10.9.9.8");

        Assert.Equal(ReasonCode.TooManyConnections, guesser.Refused.Code);
        Assert.NotNull(other.Target);
        Assert.Equal(1, await _rows.AuditsAsync(gateway.Value, "ticket.limited"));
    }

    [Theory]
    [InlineData("ClientClosed")]
    [InlineData("GatewayStopping")]
    [InlineData("gateway_lost")]
    public async Task Client_whose_connection_broke_comes_back_with_its_ticket_again_and_again(string end)
    {
        var (machine, session, ticket) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);
        var (redeem, gateway) = (Redeem(), await GatewayAsync());
        await BreakAsync((await AskAsync(redeem, gateway, ticket)).Target, end);
        var second = (await AskAsync(redeem, gateway, ticket)).Target;
        Assert.Equal(session.Value.ToString(), second.SessionId);
        await BreakAsync(second, end);
        Assert.NotNull((await AskAsync(redeem, gateway, ticket)).Target);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "ticket.redeemed"));
        Assert.Equal(2, await _rows.AuditsAsync(session.Value, "ticket.reused"));
    }

    [Theory]
    [InlineData("other address")]
    [InlineData("too late")]
    [InlineData("still open")]
    [InlineData("never opened")]
    [InlineData("machine ended it")]
    [InlineData("administrator ended it")]
    [InlineData("user disabled")]
    [InlineData("logged off")]
    [InlineData("switched off")]
    public async Task Used_ticket_opens_nothing_when(string abuse)
    {
        var (machine, session, ticket) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);
        var gateway = await GatewayAsync();
        var redeem = Redeem(o => o.ReuseTicketWithin = abuse == "switched off" ? TimeSpan.Zero : TimeSpan.FromSeconds(60));
        var target = (await AskAsync(redeem, gateway, ticket)).Target;
        if (abuse != "still open")
            await BreakAsync(target, abuse switch { "machine ended it" => "MachineClosed", "administrator ended it" => "TicketRevoked", _ => "ClientClosed" }, abuse == "too late" ? 61 : 0, abuse != "never opened");
        if (abuse == "logged off") await _rows.ExecuteAsync("update session set state = 'ended' where session_id = @id", new { id = session.Value });
        if (abuse == "user disabled") await _rows.ExecuteAsync("update app_user set enabled = false where user_id = (select user_id from session where session_id = @id)", new { id = session.Value });

        var answer = await AskAsync(redeem, gateway, ticket, abuse == "other address" ? "10.1.1.9" : "10.1.1.1");

        Assert.Equal(ReasonCode.TicketUsed, answer.Refused.Code);
        Assert.Equal(0, await _rows.AuditsAsync(session.Value, "ticket.reused"));
    }

    [Fact]
    public async Task One_of_32_comebacks_with_one_ticket_wins()
    {
        var (machine, session, ticket) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);
        var (redeem, gateway) = (Redeem(), await GatewayAsync());
        await BreakAsync((await AskAsync(redeem, gateway, ticket)).Target, "ClientClosed");
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => AskAsync(redeem, gateway, ticket))));
        Assert.Single(answers, a => a.Target is not null);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "ticket.reused"));
    }

    [Fact]
    public async Task Ticket_stays_as_long_as_its_connection()
    {
        var (machine, _, ticket) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);
        var (redeem, gateway) = (Redeem(), await GatewayAsync());
        var target = (await AskAsync(redeem, gateway, ticket)).Target;
        await _rows.ExecuteAsync("update ticket set expires_at = now() - interval '3 hours' where connection_id = @id", new { id = Guid.Parse(target.ConnectionId) });
        await _rows.ExecuteAsync("update connection set opened_at = now() - interval '3 hours' where connection_id = @id", new { id = Guid.Parse(target.ConnectionId) });
        var store = new GatewayStore(_database.DataSource);
        await store.SweepAsync();
        await BreakAsync(target, "ClientClosed");
        Assert.NotNull((await AskAsync(redeem, gateway, ticket)).Target);
    }

    [Fact]
    public async Task Target_names_what_the_pool_blocks()
    {
        var (machine, _, ticket) = await LaunchedAsync();
        using var agent = TestAgent.Connect(_agents, machine);
        await _rows.ExecuteAsync("update pool set blocked_features = '{drives,clipboard_from_desktop}', rd_gateway_end_to_end = true where pool_id = (select pool_id from machine where machine_id = @id)", new { id = machine.Value });
        var answer = await AskAsync(Redeem(), await GatewayAsync(), ticket);
        Assert.Equal([DeviceFeature.Drives, DeviceFeature.ClipboardFromDesktop], answer.Target.BlockedFeatures);
        Assert.True(answer.Target.RdgEndToEnd);
        Assert.NotEmpty(answer.Target.MachineName);
    }

    private Task BreakAsync(Target target, string end, int secondsAgo = 0, bool opened = true) => _rows.ExecuteAsync(
        "update connection set opened_at = case when @opened then now() end, closed_at = now() - make_interval(secs => @secondsAgo), end_reason = @end where connection_id = @id",
        new { id = Guid.Parse(target.ConnectionId), end, secondsAgo, opened });

    private RedeemTicket Redeem(Action<GatewayOptions>? change = null, TimeProvider? time = null)
    {
        var options = new GatewayOptions { ReuseTicketWithin = TimeSpan.FromMinutes(10), PrepareWithin = TimeSpan.FromMinutes(1) };
        change?.Invoke(options);
        return new(new GatewayStore(_database.DataSource), _agents, Options.Create(options), time ?? TimeProvider.System, NullLogger<RedeemTicket>.Instance);
    }

    private static Task<RedeemResponse> AskAsync(RedeemTicket redeem, GatewayId gateway, string ticket, string from = "10.1.1.1") =>
        redeem.RunAsync(gateway, new RedeemRequest { Ticket = ticket, ClientAddress = from, ClientName = "test" }, TestContext.Current.CancellationToken);

    private async Task<(MachineId Machine, SessionId Session, string Ticket)> LaunchedAsync()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        await _rows.ExecuteAsync(
            "insert into machine_agent (machine_id, connected, addresses, rdp_port, rdp_certificate_sha256) values (@id, true, '{10.0.0.5}', 3389, @pin)",
            new { id = machine.Value, pin = new byte[32] });
        var session = await _rows.SessionAsync(machine, "pending");
        return (machine, session, await _rows.TicketAsync(session, seconds: 600));
    }

    private async Task<GatewayId> GatewayAsync()
    {
        var gateway = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into gateway (gateway_id, name, rdp_address) values (@gateway, @gateway::text, '127.0.0.1:3389')", new { gateway });
        return new(gateway);
    }
}
