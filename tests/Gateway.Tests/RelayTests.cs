using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.Gateway.Tests;

public sealed class RelayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Machine_gets_the_clients_protocols_without_the_ticket_and_our_sign_in_in_place_of_the_typed_one()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, "ana", "once-only");
        using var client = await RawClient.ConnectAsync(gateway.Address);
        var accepting = machine.AcceptAsync();
        await client.SendAsync(RawClient.Request(ticket, SecurityProtocols.Tls | SecurityProtocols.HybridEx));
        var (machineEnd, requestBytes) = await accepting;
        var request = ConnectionRequest.Read(requestBytes);
        Assert.Null(request.RoutingToken);
        Assert.Equal(SecurityProtocols.Tls | SecurityProtocols.HybridEx, request.Negotiation!.Value.Requested);
        Assert.Equal(ConnectionConfirm.Read(Samples.ConnectionConfirmTls), await client.AnswerAsync());
        await using var clientEnd = await client.StartTlsAsync();
        foreach (var b in RawClient.Handshake) await clientEnd.WriteAsync(new[] { b });      // one TLS record a byte
        var seen = new byte[RawClient.Handshake.Length + 10];
        await machineEnd.ReadExactlyAsync(seen).AsTask().WaitAsync(Patience);
        var text = Encoding.Unicode.GetString(seen[^60..]) + Encoding.Unicode.GetString(seen[^61..]);
        Assert.Contains("ana\0once-only\0\0\0", text, StringComparison.Ordinal);   // and nothing of the program "sh" that the client asks for
        Assert.DoesNotContain("pw", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Machine_is_told_the_tickets_program_and_not_the_clients()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, "ana", "once-only", program: "exec gedit");
        using var client = await RawClient.ConnectAsync(gateway.Address);
        var accepting = machine.AcceptAsync();
        await client.SendAsync(RawClient.Request(ticket, SecurityProtocols.Tls));
        var (machineEnd, _) = await accepting;
        await client.AnswerAsync();
        await using var clientEnd = await client.StartTlsAsync();
        await clientEnd.WriteAsync(RawClient.Handshake);
        var seen = new byte[RawClient.Handshake.Length + 30];
        await machineEnd.ReadExactlyAsync(seen).AsTask().WaitAsync(Patience);
        var text = Encoding.Unicode.GetString(seen[^80..]) + Encoding.Unicode.GetString(seen[^81..]);
        Assert.Contains("ana\0once-only\0exec gedit\0\0", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\0sh\0", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Full_size_frames_pass_both_ways_unchanged()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var (client, clientEnd, machineEnd, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        using var _client = client;
        var sent = RandomNumberGenerator.GetBytes(64 * 65535);
        foreach (var (from, to) in new[] { (clientEnd, machineEnd), (machineEnd, clientEnd) })
        {
            var received = new byte[sent.Length];
            var reading = to.ReadExactlyAsync(received).AsTask();
            for (var at = 0; at < sent.Length; at += 65535) await from.WriteAsync(sent.AsMemory(at, 65535));
            await reading.WaitAsync(Patience);
            Assert.True(sent.AsSpan().SequenceEqual(received));
        }
    }

    [Fact]
    public async Task Machine_that_leaves_ends_the_relay_after_its_last_words()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var (client, clientEnd, machineEnd, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        using var _client = client;
        await machineEnd.WriteAsync("goodbye"u8.ToArray());
        await machineEnd.ShutdownAsync();
        var words = new byte[7];
        await clientEnd.ReadExactlyAsync(words).AsTask().WaitAsync(Patience);
        Assert.Equal(0, await clientEnd.ReadAsync(words).AsTask().WaitAsync(Patience));
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
        Assert.Equal(nameof(RelayEnd.MachineClosed), (await gateway.NextReportAsync()).Closed.End);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Fact]
    public async Task Client_that_vanishes_ends_the_relay_and_the_machine_sees_it()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var (client, _, machineEnd, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        await gateway.NextReportAsync();
        client.Dispose();
        Assert.Equal(0, await machineEnd.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        Assert.Equal(nameof(RelayEnd.ClientClosed), (await gateway.NextReportAsync()).Closed.End);
        Assert.True(await Eventually.IsTrueAsync(() => gateway.Connections.Count == 0, Patience));
    }

    [Fact]
    public async Task Order_to_close_ends_one_relay_and_no_other()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var (one, _, _, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        var revoked = (await gateway.NextReportAsync()).ConnectionId;
        var (other, otherEnd, otherMachine, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        using var _one = one;
        using var _other = other;
        await gateway.NextReportAsync();
        Assert.True(await gateway.Connections.EndAsync(revoked, RelayEnd.TicketRevoked));
        var closed = await gateway.NextReportAsync();
        Assert.Equal((revoked, nameof(RelayEnd.TicketRevoked)), (closed.ConnectionId, closed.Closed.End));
        await otherEnd.WriteAsync("still here"u8.ToArray());
        await otherMachine.ReadExactlyAsync(new byte[10]).AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Gateway_that_stops_says_so_of_each_relay()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var (client, clientEnd, _, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        using var _client = client;
        await gateway.NextReportAsync();
        await gateway.StopAsync();
        Assert.Equal(0, await clientEnd.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        Assert.Equal(nameof(RelayEnd.GatewayStopping), (await gateway.NextReportAsync()).Closed.End);
    }
}
