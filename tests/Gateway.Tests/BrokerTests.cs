using Google.Protobuf;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Negotiation;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>Joining, redeeming and reporting over real gRPC and mutual TLS.</summary>
public sealed class BrokerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Gateway_joins_once_keeps_its_key_to_itself_and_uses_its_certificate()
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var machine = new FakeMachine();
        broker.OnRedeem = _ => Granted(machine);
        await using var gateway = await TestGateway.StartAsync(broker);
        var (client, clientEnd, machineEnd, seen) = await RawClient.OpenAsync(gateway, machine, FakeRedeemer.Unknown());
        using var _client = client;

        Assert.Equal(["CN=gateway-1"], broker.RedeemedBy);
        Assert.True(broker.Shown.TryPeek(out var shown));
        Assert.StartsWith("CN=", shown.Subject, StringComparison.Ordinal);
        Assert.True(shown.NotAfter.ToDateTime() > DateTime.UtcNow.AddDays(700));   // made by the gateway itself
        Assert.Contains("ana\0once-only\0", System.Text.Encoding.Unicode.GetString(seen[^63..]) + System.Text.Encoding.Unicode.GetString(seen[^64..]), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(gateway.StateDirectory, "identity.json")));
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await broker.NextReportAsync()).KindCase);
        await clientEnd.DisposeAsync();
        client.Dispose();
        Assert.Equal(nameof(RelayEnd.ClientClosed), (await broker.NextReportAsync()).Closed.End);
        await machineEnd.DisposeAsync();
        await broker.StopAsync();
    }

    [Fact]
    public async Task Broker_that_goes_away_leaves_relays_running_refuses_new_ones_and_hears_everything_later()
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var machine = new FakeMachine();
        broker.OnRedeem = _ => Granted(machine);
        await using var gateway = await TestGateway.StartAsync(broker, ("Gateway:BrokerRetryBudget", "00:00:00.500"));
        var (client, clientEnd, machineEnd, _) = await RawClient.OpenAsync(gateway, machine, FakeRedeemer.Unknown());
        using var _client = client;
        var opened = await broker.NextReportAsync();
        await broker.StopAsync();

        await clientEnd.WriteAsync("still here"u8.ToArray());
        await machineEnd.ReadExactlyAsync(new byte[10]).AsTask().WaitAsync(Patience);
        using var late = await RawClient.ConnectAsync(gateway.Address);
        await late.SendAsync(RawClient.Request(FakeRedeemer.Unknown()));
        Assert.IsType<ConnectionConfirm.Failed>(await late.AnswerAsync());

        await broker.StartAsync();
        var again = await broker.NextReportAsync();
        Assert.Equal((opened.ConnectionId, ConnectionReport.KindOneofCase.Opened), (again.ConnectionId, again.KindCase));
        Assert.Equal(ReasonCode.BrokerUnavailable, (await broker.NextReportAsync()).Failed.Code);
        await broker.StopAsync();
    }

    [Fact]
    public async Task Brokers_order_closes_the_connection()
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var machine = new FakeMachine();
        broker.OnRedeem = _ => Granted(machine);
        await using var gateway = await TestGateway.StartAsync(broker);
        var (client, clientEnd, _, _) = await RawClient.OpenAsync(gateway, machine, FakeRedeemer.Unknown());
        using var _client = client;
        var opened = await broker.NextReportAsync();
        broker.Orders.Writer.TryWrite(new GatewayOrder { Close = new CloseConnection { ConnectionId = opened.ConnectionId, Code = ReasonCode.SessionEnded } });
        Assert.Equal(0, await clientEnd.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        Assert.Equal(nameof(RelayEnd.TicketRevoked), (await broker.NextReportAsync()).Closed.End);
        await broker.StopAsync();
    }

    [Theory]
    [InlineData("00:00:01", false)]
    [InlineData("00:05:00", true)]
    public async Task Person_who_lost_the_right_is_let_go_and_the_others_stay(string recheckEvery, bool ordered)
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var machine = new FakeMachine();
        broker.OnRedeem = _ => Granted(machine);
        await using var gateway = await TestGateway.StartAsync(broker, ("Gateway:RecheckEvery", recheckEvery));
        var (stays, staysEnd, staysMachine, _) = await RawClient.OpenAsync(gateway, machine, FakeRedeemer.Unknown());
        using var _stays = stays;
        await broker.NextReportAsync();
        var (goes, goesEnd, _, _) = await RawClient.OpenAsync(gateway, machine, FakeRedeemer.Unknown());
        using var _goes = goes;
        var connection = (await broker.NextReportAsync()).ConnectionId;

        broker.OnRecheck = asked => asked.ConnectionIds.Contains(connection)
            ? new() { Withdrawn = { new WithdrawnConnection { ConnectionId = connection, Code = ReasonCode.AccessWithdrawn } } } : new();
        if (ordered) broker.Orders.Writer.TryWrite(new GatewayOrder { Recheck = new RecheckOrder() });

        Assert.Equal(0, await goesEnd.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        var closed = await broker.NextReportAsync();
        Assert.Equal((connection, nameof(RelayEnd.AccessWithdrawn)), (closed.ConnectionId, closed.Closed.End));
        await staysEnd.WriteAsync("still here"u8.ToArray());
        await staysMachine.ReadExactlyAsync(new byte[10]).AsTask().WaitAsync(Patience);
        await broker.StopAsync();
    }

    [Fact]
    public async Task Gateway_that_stops_reports_its_relays_before_it_is_gone()
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var machine = new FakeMachine();
        broker.OnRedeem = _ => Granted(machine);
        // The last reports have so long to go out.
        await using var gateway = await TestGateway.StartAsync(broker, ("Gateway:StopGrace", "00:00:08"));
        var (client, _, _, _) = await RawClient.OpenAsync(gateway, machine, FakeRedeemer.Unknown());
        using var _client = client;
        await broker.NextReportAsync();
        await gateway.StopAsync();
        Assert.Equal(nameof(RelayEnd.GatewayStopping), (await broker.NextReportAsync()).Closed.End);
        await broker.StopAsync();
    }

    [Fact]
    public async Task Certificate_past_two_thirds_of_its_life_is_renewed()
    {
        using var broker = new ScriptedBroker { CertificateLife = TimeSpan.FromSeconds(10) };     // made a minute ago: two thirds are over
        await broker.StartAsync();
        await using var gateway = await TestGateway.StartAsync(broker);
        Assert.True(await Eventually.IsTrueAsync(() => broker.Issued == 2, Patience));
        await broker.StopAsync();
    }

    [Fact]
    public async Task Redemption_that_is_under_way_at_a_renewal_comes_to_its_end()
    {
        using var broker = new ScriptedBroker { CertificateLife = TimeSpan.FromSeconds(10) };
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var renewed = new SemaphoreSlim(0);
        broker.BeforeRenewal = () => asked.Task;
        broker.OnRedeem = _ =>
        {
            // The first waits for the second, which comes over the new channel.
            if (broker.RedeemedBy.Count > 1) renewed.Release();
            else
            {
                asked.TrySetResult();
                renewed.Wait(Patience);
            }
            return new() { Refused = new() { Code = ReasonCode.TicketUnknown } };
        };
        await broker.StartAsync();
        await using var gateway = await TestGateway.StartAsync(broker);
        using var first = await RawClient.ConnectAsync(gateway.Address);
        await first.SendAsync(RawClient.Request(FakeRedeemer.Unknown()));
        Assert.True(await Eventually.IsTrueAsync(() => gateway.Log.Lines.Any(l => l.Text.StartsWith("4051", StringComparison.Ordinal)), Patience));
        using var second = await RawClient.ConnectAsync(gateway.Address);
        await second.SendAsync(RawClient.Request(FakeRedeemer.Unknown()));

        for (var i = 0; i < 2; i++) Assert.Equal(ReasonCode.TicketUnknown, (await broker.NextReportAsync()).Failed.Code);
        Assert.Equal(2, broker.RedeemedBy.Distinct().Count());
        await broker.StopAsync();
    }

    [Fact]
    public async Task Server_that_is_not_the_broker_gets_no_token()
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var gateway = await TestGateway.StartAsync(broker, ("Gateway:BrokerAuthoritySha256", new string('0', 64)));
        Assert.True(await Eventually.IsTrueAsync(() => gateway.Log.Lines.Any(l => l.Text.StartsWith("4052", StringComparison.Ordinal)), Patience));
        Assert.Equal(0, broker.Issued);
        await broker.StopAsync();
    }

    private static RedeemResponse Granted(FakeMachine machine) => new()
    {
        Target = new Target
        {
            SessionId = Guid.NewGuid().ToString(),
            ConnectionId = Guid.NewGuid().ToString(),
            MachineId = Guid.NewGuid().ToString(),
            Address = machine.Address.Address.ToString(),
            Port = (uint)machine.Address.Port,
            CertificateSha256 = ByteString.CopyFrom(machine.CertificateSha256),
            UserName = "ana",
            Secret = ByteString.CopyFromUtf8("once-only"),
        },
    };
}
