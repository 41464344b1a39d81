using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Gateways;

/// <summary>A gateway over real TLS against a whole broker.</summary>
public sealed class GatewayChannelTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Arrange _rows = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // A connection that no gateway names is not lost, however slow the machine is.
        await _broker.StartAsync(["--Gateways:ReportAgainWithin=00:10:00", "--Gateways:AgentBackWithin=00:00:03", "--Gateways:PrepareWithin=00:00:25"]);
        _rows = new Arrange(_broker.Database.DataSource);
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Gateway_joins_by_its_token_once_and_keeps_its_id_when_it_joins_again()
    {
        var tokens = _broker.Services.GetRequiredService<CreateGatewayToken>();
        var first = await tokens.RunAsync("edge", "127.0.0.1:3389", "test");

        var joined = await JoinAsync(first.Token);
        var refused = await Assert.ThrowsAsync<RpcException>(() => JoinAsync(first.Token));
        var again = await JoinAsync((await tokens.RunAsync("edge", "127.0.0.1:3390", "test")).Token);

        Assert.Equal("JOIN_TOKEN_INVALID", refused.Trailers.GetValue("reason"));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Equal(joined.GatewayId, again.GatewayId);
        var row = Assert.Single(await _broker.Services.GetRequiredService<GatewayStore>().ListAsync(Ct));
        Assert.Equal("127.0.0.1:3390", row.RdpAddress);
    }

    [Fact]
    public async Task Launch_goes_from_ticket_over_the_agent_to_an_open_and_a_closed_connection()
    {
        var (gateway, client) = await GatewayAsync();
        var machine = await _rows.MachineAsync("floating", "available");
        await using var agent = await ConnectedAgent.ConnectAsync(_broker.Channel(await _broker.IssueAsync(PeerKind.Machine, machine.Value)), "boot", null);
        await agent.WelcomedAsync();
        var session = await _rows.SessionAsync(machine, "pending");

        var answer = await client.RedeemAsync(new RedeemRequest { Ticket = await _rows.TicketAsync(session, seconds: 600), ClientAddress = "10.2.3.4" }, cancellationToken: Ct);
        Assert.Equal("10.0.0.9", answer.Target.Address);
        Assert.Equal(session.Value.ToString(), Assert.Single(agent.Commands).PrepareSignIn.SessionId);

        using var stream = client.Connections(cancellationToken: Ct);
        var accepted = DateTimeOffset.UtcNow.AddSeconds(-3);
        await stream.RequestStream.WriteAsync(Opened(answer.Target, accepted, accepted.AddSeconds(2)), Ct);
        await Until.EqualAsync(1, () => _rows.ScalarAsync<int>("select count(*)::integer from connection where session_id = @id and opened_at is not null", session.Value));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from logon_phase where session_id = @id and name = 'connect' and ended_at - started_at = interval '2 seconds'", session.Value));

        await stream.RequestStream.WriteAsync(new ConnectionReport
        {
            ConnectionId = answer.Target.ConnectionId, SessionId = answer.Target.SessionId,
            Closed = new ConnectionClosed { At = DateTimeOffset.UtcNow.ToTimestamp(), End = "ClientClosed", BytesFromClient = 10, BytesFromMachine = 2000 },
        }, Ct);
        await Until.EqualAsync("ClientClosed", () => _rows.ScalarAsync<string>("select end_reason from connection where session_id = @id", session.Value));
        Assert.Equal("pending", await _rows.SessionStateAsync(session));
        Assert.True(await _rows.ScalarAsync<bool>("select connected from gateway where gateway_id = @id", gateway.Value));
    }

    [Fact]
    public async Task Gateway_that_comes_back_keeps_what_it_names_and_loses_the_rest()
    {
        _broker.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.ReportAgainWithin = TimeSpan.FromMilliseconds(500);
        var (gateway, client) = await GatewayAsync();
        var (kept, keptSession) = await OpenAsync(gateway);
        var (_, lostSession) = await OpenAsync(gateway);

        using var stream = client.Connections(cancellationToken: Ct);
        await stream.RequestStream.WriteAsync(Opened(new Target { ConnectionId = kept.ToString(), SessionId = keptSession.Value.ToString() }, null, DateTimeOffset.UtcNow), Ct);

        await Until.EqualAsync("gateway_lost", () => _rows.ScalarAsync<string>("select end_reason from connection where session_id = @id", lostSession.Value));
        // Named later than it had time to, it was lost for a moment and is open again.
        await Until.EqualAsync<string?>(null, () => _rows.ScalarAsync<string?>("select end_reason from connection where session_id = @id", keptSession.Value));
    }

    [Fact]
    public async Task Gateway_that_died_with_its_broker_is_lost_by_the_databases_time_and_one_that_lives_is_not()
    {
        var (lives, client) = await GatewayAsync();
        var (died, _) = await GatewayAsync();
        var (store, directory) = (_broker.Services.GetRequiredService<GatewayStore>(), _broker.Services.GetRequiredService<GatewayDirectory>());
        using var stream = client.Connections(cancellationToken: Ct);
        await Until.EqualAsync(true, () => _rows.ScalarAsync<bool>("select connected from gateway where gateway_id = @id", lives.Value));
        await stream.RequestStream.WriteAsync(new() { Shown = new() { Subject = "CN=rdp.camara.pt", NotAfter = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddDays(9)) } }, Ct);
        await Until.EqualAsync("CN=rdp.camara.pt", () => _rows.ScalarAsync<string>("select coalesce(door_subject, '') from gateway where gateway_id = @id and (door_not_after is null or door_not_after > now())", lives.Value));
        await _rows.ExecuteAsync("update gateway set connected = true, seen_at = now() - interval '2 minutes' where gateway_id = any(@ids)", new { ids = new[] { lives.Value, died.Value } });

        await store.BeatAsync(directory.All);
        await store.SweepAsync();

        Assert.True(await _rows.ScalarAsync<bool>("select connected from gateway where gateway_id = @id", lives.Value));
        Assert.False(await _rows.ScalarAsync<bool>("select connected from gateway where gateway_id = @id", died.Value));
        Assert.True(await _rows.ScalarAsync<bool>("select seen_at < now() - interval '100 seconds' from gateway where gateway_id = @id", died.Value));   // the alert says since when

        // Another node took it for lost while this one was frozen.
        await _rows.ExecuteAsync("update gateway set connected = false where gateway_id = @id", new { id = lives.Value });
        await store.BeatAsync(directory.All);
        Assert.True(await _rows.ScalarAsync<bool>("select connected from gateway where gateway_id = @id", lives.Value));
    }

    [Fact]
    public async Task Gateway_hears_which_of_its_connections_have_lost_their_right()
    {
        var (gateway, client) = await GatewayAsync();
        var (good, goodSession) = await OpenAsync(gateway);
        var (disabled, disabledSession) = await OpenAsync(gateway);
        var (unentitled, unentitledSession) = await OpenAsync(gateway);
        foreach (var session in new[] { goodSession, disabledSession })
            await _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) select pool_id, user_id from session where session_id = @id on conflict do nothing", new { id = session.Value });
        await _rows.ExecuteAsync("delete from entitlement e using session s where s.session_id = @id and e.pool_id = s.pool_id and e.user_id = s.user_id", new { id = unentitledSession.Value });
        await _rows.ExecuteAsync("update app_user set enabled = false where user_id = (select user_id from session where session_id = @id)", new { id = disabledSession.Value });
        var (spared, sparedSession) = await OpenAsync(gateway);    // no right either, but its pool keeps such people
        await _rows.ExecuteAsync("update pool set right_lost = 'keep' where pool_id = (select pool_id from session where session_id = @id)", new { id = sparedSession.Value });
        var request = new RecheckRequest { ConnectionIds = { good.ToString(), disabled.ToString(), unentitled.ToString(), spared.ToString(), Guid.NewGuid().ToString(), "nonsense" } };

        var answer = await client.RecheckAsync(request, cancellationToken: Ct);

        Assert.Equal(
            [(disabled.ToString(), ReasonCode.AccessWithdrawn), (unentitled.ToString(), ReasonCode.NotEntitled)],
            answer.Withdrawn.Select(w => (w.ConnectionId, w.Code)).OrderByDescending(w => w.ConnectionId == disabled.ToString()));
        Assert.Equal(1, await _rows.AuditsAsync(disabledSession.Value, "connection.withdrawn"));
        Assert.Equal(0, await _rows.AuditsAsync(goodSession.Value, "connection.withdrawn"));
        var (_, other) = await GatewayAsync();
        Assert.Empty((await other.RecheckAsync(request, cancellationToken: Ct)).Withdrawn);       // only its own are a gateway's business
    }

    [Theory]
    [InlineData("update app_user set enabled = false where user_id = @user")]
    [InlineData("delete from entitlement where user_id = @user")]
    [InlineData("delete from group_member where user_id = @user")]
    [InlineData("delete from group_entitlement where group_id = @group")]
    public async Task Gateway_is_told_to_ask_as_soon_as_somebody_may_have_lost_a_right(string loss)
    {
        var (gateway, client) = await GatewayAsync();
        var (_, session) = await OpenAsync(gateway);
        var user = await _rows.ScalarAsync<Guid>("select user_id from session where session_id = @id", session.Value);
        var (pool, group) = (await _rows.ScalarAsync<Guid>("select pool_id from session where session_id = @id", session.Value), Guid.NewGuid());
        await _rows.ExecuteAsync("""
            insert into entitlement (pool_id, user_id) values (@pool, @user) on conflict do nothing;
            insert into app_group (group_id, name) values (@group, @group::text);
            insert into group_member (group_id, user_id) values (@group, @user);
            insert into group_entitlement (pool_id, group_id) values (@pool, @group);
            """, new { user, pool, group });
        using var stream = client.Connections(cancellationToken: Ct);
        // Its row says that it is connected a moment before orders reach it.
        await Until.TrueAsync(() => Task.FromResult(_broker.Services.GetRequiredService<GatewayDirectory>().All.Contains(gateway)), "the gateway has a stream");

        await _rows.ExecuteAsync(loss, new { user, group });

        Assert.True(await stream.ResponseStream.MoveNext(Ct));
        Assert.NotNull(stream.ResponseStream.Current.Recheck);
    }

    [Fact]
    public async Task Broker_has_a_connection_closed_by_its_gateway()
    {
        var (gateway, client) = await GatewayAsync();
        var (connection, _) = await OpenAsync(gateway);
        var directory = _broker.Services.GetRequiredService<GatewayDirectory>();
        using var stream = client.Connections(cancellationToken: Ct);

        await Until.TrueAsync(() => directory.CloseConnectionAsync(new(connection), ReasonCode.NotAllowed, Ct), "the gateway has a stream");

        Assert.True(await stream.ResponseStream.MoveNext(Ct));
        Assert.Equal(connection.ToString(), stream.ResponseStream.Current.Close.ConnectionId);
        Assert.False(await directory.CloseConnectionAsync(new(Guid.NewGuid()), ReasonCode.NotAllowed, Ct));
    }

    [Fact]
    public async Task Failures_before_a_ticket_are_audited_up_to_a_limit()
    {
        var (gateway, client) = await GatewayAsync();
        using var stream = client.Connections(cancellationToken: Ct);
        var began = Minute();
        for (var i = 0; i < 100; i++)
        {
            await stream.RequestStream.WriteAsync(new ConnectionReport { Failed = new ConnectionFailed { Code = ReasonCode.NotRdp, ClientAddress = "10.6.6.6" } }, Ct);
        }
        await stream.RequestStream.CompleteAsync();
        Assert.False(await stream.ResponseStream.MoveNext(Ct));

        var audits = await _rows.ScalarAsync<int>("select count(*)::integer from audit_event where action = 'connection.failed' and source_address = '10.6.6.6' and @id is not null", gateway.Value);
        Assert.InRange(audits, 20, 20 * (Minute() - began + 1));   // twenty of each minute in which failures came
    }

    // As the limiter counts them.
    private static long Minute() => (long)TimeProvider.System.GetElapsedTime(0, TimeProvider.System.GetTimestamp()).TotalMinutes;

    private static ConnectionReport Opened(Target target, DateTimeOffset? accepted, DateTimeOffset at) => new()
    {
        ConnectionId = target.ConnectionId, SessionId = target.SessionId,
        Opened = new ConnectionOpened { At = at.ToTimestamp(), AcceptedAt = accepted?.ToTimestamp(), ClientAddress = "10.2.3.4", ClientName = "pc" },
    };

    private async Task<(Guid Connection, SessionId Session)> OpenAsync(GatewayId gateway)
    {
        var session = await _rows.SessionAsync(await _rows.MachineAsync("floating", "available"), "active", "c1");
        var connection = Guid.NewGuid();
        await _rows.ExecuteAsync(
            "insert into connection (connection_id, session_id, gateway_id, opened_at) values (@connection, @session, @gateway, now())",
            new { connection, session = session.Value, gateway = gateway.Value });
        return (connection, session);
    }

    private async Task<(GatewayId Gateway, GatewayChannel.GatewayChannelClient Client)> GatewayAsync()
    {
        var gateway = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into gateway (gateway_id, name, rdp_address) values (@gateway, @gateway::text, '127.0.0.1:3389')", new { gateway });
        return (new(gateway), new(_broker.Channel(await _broker.IssueAsync(PeerKind.Gateway, gateway))));
    }

    private async Task<GatewayJoinResponse> JoinAsync(string token)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ignored", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        return await new GatewayEnrolment.GatewayEnrolmentClient(_broker.Api()).JoinAsync(
            new GatewayJoinRequest { JoinToken = token, CertificateRequest = ByteString.CopyFrom(request), Name = "edge" }, cancellationToken: Ct);
    }
}
