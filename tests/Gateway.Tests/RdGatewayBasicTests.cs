using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Gateway.Tests.Portal;
using Montalegre.Vdi.Protocol.Tsgu;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>Clients that cannot carry a cookie sign in by HTTP Basic, where an administrator allows it. No FreeRDP speaks it, so the client is ours.</summary>
public sealed class RdGatewayBasicTests : IDisposable
{
    private const string Desktop = "Secretaria";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Socket _machine = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly FakeBroker _people = new() { NewTicket = FakeRedeemer.Unknown, Desktops = [FakeBroker.Ready("Outra"), FakeBroker.Ready(Desktop)] };

    public RdGatewayBasicTests()
    {
        _machine.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _machine.Listen();
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task Person_signs_in_and_reaches_the_desktop_named_and_no_other()
    {
        using var broker = await StartBrokerAsync();
        await using var gateway = await RdgTestGateway.StartAsync(broker, ("Gateway:RdGateway:Basic", "true"));
        var tls = await RdgClient.TlsAsync(gateway.Address);
        Assert.Contains("WWW-Authenticate: Basic ", await AskAsync(tls, Upgrade(Guid.NewGuid())), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 101 ", await AskAsync(tls, Upgrade(Guid.NewGuid(), Proof(FakeBroker.Password))), StringComparison.Ordinal);
        await using var client = RdgClient.Over(tls);
        Assert.Equal(TsguError.None, await OpenAsync(client, Desktop));
        using var there = await _machine.AcceptAsync();
        await client.SendDataAsync([1, 2, 3]);
        Assert.Equal(3, await there.ReceiveAsync(new byte[10]));
        Assert.Equal(("maria", "127.0.0.1"), _people.SignIns.Select(s => (s.UserName, s.ClientAddress)).Single());
        Assert.Equal(_people.Desktops[1].PoolId, Assert.Single(_people.Launches).PoolId);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(FakeBroker.Password, StringComparison.Ordinal) || l.Text.Contains(Proof(FakeBroker.Password), StringComparison.Ordinal));

        var other = await RdgClient.TlsAsync(gateway.Address);
        await AskAsync(other, Upgrade(Guid.NewGuid(), Proof(FakeBroker.Password)));
        await using var wrong = RdgClient.Over(other);
        Assert.Equal(TsguError.ResourceDenied, await OpenAsync(wrong, "127.0.0.1"));
        await broker.StopAsync();
    }

    [Fact]
    public async Task Wrong_password_is_asked_for_three_times_and_no_more()
    {
        using var broker = await StartBrokerAsync();
        await using var gateway = await RdgTestGateway.StartAsync(broker, ("Gateway:RdGateway:Basic", "true"));
        await using var tls = await RdgClient.TlsAsync(gateway.Address);
        for (var i = 0; i < 3; i++) Assert.StartsWith("HTTP/1.1 401 ", await AskAsync(tls, Upgrade(Guid.NewGuid(), Proof("wrong"))), StringComparison.Ordinal);
        Assert.True(await RdgClient.EndsAsync(tls));
        Assert.Equal(3, _people.SignIns.Count);
        await broker.StopAsync();
    }

    [Fact]
    public async Task Both_halves_of_a_pair_bring_the_same_proof()
    {
        using var broker = await StartBrokerAsync();
        await using var gateway = await RdgTestGateway.StartAsync(broker, ("Gateway:RdGateway:Basic", "true"));
        var id = Guid.NewGuid();
        var output = await RdgClient.TlsAsync(gateway.Address);
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(output, Head("RDG_OUT_DATA", id, "Content-Length: 0", $"Authorization: Basic {Proof(FakeBroker.Password)}")), StringComparison.Ordinal);
        await output.ReadExactlyAsync(new byte[10]);

        await using var thief = await RdgClient.TlsAsync(gateway.Address);
        Assert.StartsWith("HTTP/1.1 401 ", await AskAsync(thief, Head("RDG_IN_DATA", id, "Content-Length: 0")), StringComparison.Ordinal);
        Assert.Equal("", await AskAsync(thief, Head("RDG_IN_DATA", id, "Content-Length: 0", $"Authorization: Basic {Proof("guess")}")));

        var input = await RdgClient.TlsAsync(gateway.Address);
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(input, Head("RDG_IN_DATA", id, "Content-Length: 0", $"Authorization: Basic {Proof(FakeBroker.Password)}")), StringComparison.Ordinal);
        await input.WriteAsync(Encoding.ASCII.GetBytes(Head("RDG_IN_DATA", id, "Transfer-Encoding: chunked")));
        await using var client = RdgClient.Over(output, input);
        Assert.Equal(TsguError.None, await OpenAsync(client, Desktop));
        using var there = await _machine.AcceptAsync();
        await broker.StopAsync();
    }

    [Fact]
    public async Task Nobody_is_asked_for_a_password_unless_it_is_turned_on()
    {
        using var broker = await StartBrokerAsync();
        await using var gateway = await RdgTestGateway.StartAsync(broker);
        var tls = await RdgClient.TlsAsync(gateway.Address);
        Assert.StartsWith("HTTP/1.1 101 ", await AskAsync(tls, Upgrade(Guid.NewGuid(), Proof(FakeBroker.Password))), StringComparison.Ordinal);
        await using var client = RdgClient.Over(tls);
        await client.SendAsync(new TsguHandshakeRequest(1, 0, 0, ExtendedAuthentication.None).Write);
        Assert.Equal(TsguError.AuthenticationMethod, TsguHandshakeResponse.Read(await client.PacketAsync()).Error);
        Assert.Empty(_people.SignIns);
        await broker.StopAsync();
    }

    private static async Task<TsguError> OpenAsync(RdgClient client, string desktop)
    {
        await client.SendAsync(new TsguHandshakeRequest(1, 0, 0, ExtendedAuthentication.None).Write);
        Assert.Equal(TsguError.None, TsguHandshakeResponse.Read(await client.PacketAsync()).Error);
        await client.SendAsync(new TsguTunnelCreate(TsguCapabilities.None, null, null).Write);
        Assert.Equal(TsguError.None, TsguTunnelResponse.Read(await client.PacketAsync()).Status);
        await client.SendAsync(TsguSamples.TunnelAuthentication);
        await client.PacketAsync();
        await client.SendAsync(new TsguChannelCreate(3389, TsguChannelCreate.Rdp, [desktop]).Write);
        return TsguChannelResponse.Read(await client.PacketAsync()).Error;
    }

    private static async Task<string> AskAsync(SslStream tls, string head)
    {
        await tls.WriteAsync(Encoding.ASCII.GetBytes(head));
        return await RdgClient.HeadAsync(tls);
    }

    private static string Upgrade(Guid id, string? proof = null) => Head(
        "RDG_OUT_DATA", id, ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZS", .. proof is null ? (string[])[] : [$"Authorization: Basic {proof}"]]);

    private static string Head(string method, Guid id, params string[] more) =>
        $"{method} /remoteDesktopGateway/ HTTP/1.1\r\nHost: x\r\nRDG-Connection-Id: {{{id}}}\r\n{string.Concat(more.Select(m => m + "\r\n"))}\r\n";

    private static string Proof(string password) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"maria:{password}"));

    private async Task<ScriptedBroker> StartBrokerAsync()
    {
        _people.Desktops[1].PoolId = Guid.NewGuid().ToString();
        var broker = new ScriptedBroker
        {
            Employees = _people,
            OnRedeem = request => _people.Tickets.Contains(request.Ticket) && request.Carrier == TicketCarrier.RdGateway
                ? new RedeemResponse
                {
                    Target = new Target
                    {
                        SessionId = Guid.NewGuid().ToString(), ConnectionId = Guid.NewGuid().ToString(), MachineId = Guid.NewGuid().ToString(), Address = "127.0.0.1",
                        Port = (uint)((IPEndPoint)_machine.LocalEndPoint!).Port, CertificateSha256 = ByteString.CopyFrom(new byte[32]), RdgEndToEnd = true, MachineName = "secretaria-07",
                    },
                }
                : new RedeemResponse { Refused = new Reason { Code = ReasonCode.TicketUnknown } },
        };
        await broker.StartAsync().WaitAsync(Patience);
        return broker;
    }
}
