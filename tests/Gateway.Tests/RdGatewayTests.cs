using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>RD Gateway clients, well-mannered and not; the machine behind is a plain socket, reached end to end.</summary>
public sealed class RdGatewayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(false, int.MaxValue)]
    [InlineData(true, int.MaxValue)]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    public async Task Bytes_pass_both_ways_however_they_are_cut(bool pair, int cut)
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var client = await OpenAsync(gateway, pair);
        client.Cut = cut;
        Assert.Equal((TsguError.None, TsguError.None, null), await client.OpenAsync(TicketFor(redeemer, machine)));
        using var there = await machine.AcceptAsync();
        var opened = await gateway.NextReportAsync();
        Assert.Equal("office-7", opened.Opened.ClientName);

        var sent = RandomNumberGenerator.GetBytes(cut == 1 ? 300 : 65_535);
        await client.SendDataAsync(sent);
        await client.SendAsync(TsguSamples.Keepalive);
        await client.SendDataAsync(sent);
        byte[] both = [.. sent, .. sent];
        Assert.Equal(both, await ReadAsync(there, both.Length));

        var back = RandomNumberGenerator.GetBytes(200_000);
        var sending = there.SendAsync(back);
        var got = new List<byte>();
        while (got.Count < back.Length)
        {
            var packet = await client.PacketAsync();
            Assert.Equal(TsguPacketType.Data, (TsguPacketType)packet[0]);
            got.AddRange(packet[TsguDataHeader.Length..]);
        }
        await sending;
        Assert.Equal(back, got);

        await client.SendAsync(TsguSamples.CloseChannel);
        Assert.Equal((byte)TsguPacketType.CloseChannelResponse, (await client.PacketAsync())[0]);
        Assert.Empty(await client.PacketAsync());
        Assert.Equal(0, await there.ReceiveAsync(new byte[1]));
        var closed = await gateway.NextReportAsync();
        Assert.Equal((nameof(RelayEnd.ClientClosed), (ulong)(2 * sent.Length), (ulong)back.Length), (closed.Closed.End, closed.Closed.BytesFromClient, closed.Closed.BytesFromMachine));
        Assert.True(await Eventually.IsTrueAsync(() => gateway.Connections.Count == 0, Patience));
    }

    [Fact]
    public async Task Many_packets_in_one_frame_and_one_packet_in_many_frames_are_the_same()
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        await client.OpenAsync(TicketFor(redeemer, machine));
        using var there = await machine.AcceptAsync();
        await client.SendAsync([.. TsguSamples.Data, .. TsguSamples.Data, .. TsguSamples.Data[..11]]);
        await client.SendAsync(TsguSamples.Data[11..]);
        Assert.Equal([0xAA, 0xBB, 0xCC, 0xAA, 0xBB, 0xCC, 0xAA, 0xBB, 0xCC], await ReadAsync(there, 9));
    }

    [Theory]
    [InlineData("10.0.0.1", 3389)]
    [InlineData("127.0.0.1", 3389)]
    [InlineData("localhost", 3389)]
    [InlineData("desk-2", 3389)]
    [InlineData("", 3389)]
    [InlineData(FakeRedeemer.MachineName, 22)]
    public async Task Client_chooses_neither_host_nor_port(string target, int port)
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        Assert.Equal(TsguError.ResourceDenied, (await client.OpenAsync(TicketFor(redeemer, machine), target, (ushort)port)).Channel);
        Assert.Equal(ReasonCode.NotAllowed, (await gateway.NextReportAsync()).Failed.Code);
        Assert.False(machine.Poll(0, SelectMode.SelectRead));
    }

    [Fact]
    public async Task Ticket_opens_one_tunnel_even_for_two_at_once()
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var one = await RdgClient.WebSocketAsync(gateway.Address);
        await using var other = await RdgClient.PairAsync(gateway.Address);
        var ticket = TicketFor(redeemer, machine);
        var answers = await Task.WhenAll(one.OpenAsync(ticket), other.OpenAsync(ticket));
        Assert.Single(answers, a => a.Tunnel == TsguError.None);
        Assert.Single(answers, a => a.Tunnel == TsguError.CookieDenied);
    }

    [Fact]
    public async Task Consent_is_shown_in_both_languages_and_the_idle_time_is_told()
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer, null,
            ("Gateway:RdGateway:ConsentPt", "Só pessoal autorizado."), ("Gateway:RdGateway:ConsentEn", "Authorised staff only."),
            ("Gateway:RdGateway:ServiceMessagePt", "Manutenção às 20h."), ("Gateway:IdleTimeout", "00:30:00"), ("Gateway:RdGateway:NotRedirected:0", "drives"));
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        await client.SendAsync(TsguSamples.HandshakeRequest);
        await client.PacketAsync();
        await client.SendAsync(new TsguTunnelCreate(TsguCapabilities.Consent | TsguCapabilities.ServiceMessage, null, Encoding.Unicode.GetBytes(TicketFor(redeemer, machine))).Write);
        Assert.Equal("Só pessoal autorizado.\r\n\r\nAuthorised staff only.", TsguTunnelResponse.Read(await client.PacketAsync()).Consent);
        await client.SendAsync(TsguSamples.TunnelAuthentication);
        Assert.Equal(new(TsguError.None, TsguRedirection.NoDrives, 30), TsguTunnelAuthenticationResponse.Read(await client.PacketAsync()));
        await client.SendAsync(new TsguChannelCreate(3389, TsguChannelCreate.Rdp, [FakeRedeemer.MachineName]).Write);
        await client.PacketAsync();
        var message = await client.PacketAsync();
        Assert.Equal(((byte)TsguPacketType.ServiceMessage, "Manutenção às 20h.\0"), (message[0], Encoding.Unicode.GetString(message[10..])));
    }

    [Fact]
    public async Task Half_a_pair_is_let_go_after_its_time()
    {
        var time = new FakeTimeProvider();
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer(), time);
        await using var half = await RdgClient.OpenOutAsync(gateway.Address, Guid.NewGuid());
        Assert.Equal(1, gateway.Pairs.Count);
        var ends = RdgClient.EndsAsync(half);
        while (!ends.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.True(await ends);
        Assert.Equal(0, gateway.Pairs.Count);
    }

    [Fact]
    public async Task Sending_half_that_nobody_waits_for_is_refused_and_a_waiting_one_takes_only_one()
    {
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer());
        await using var guess = await RdgClient.TlsAsync(gateway.Address);
        await guess.WriteAsync(Encoding.ASCII.GetBytes(RdgClient.Head("RDG_IN_DATA", Guid.NewGuid(), "Content-Length: 0")));
        Assert.StartsWith("HTTP/1.1 404 ", await RdgClient.HeadAsync(guess), StringComparison.Ordinal);

        var id = Guid.NewGuid();
        await using var half = await RdgClient.OpenOutAsync(gateway.Address, id);
        Assert.False(gateway.Pairs.TryJoin(id, IPAddress.Parse("192.0.2.9"), new(Stream.Null, [], new())));      // the right id from elsewhere
        Assert.True(gateway.Pairs.IsWaiting(id, IPAddress.Loopback));
        await using var twice = await RdgClient.TlsAsync(gateway.Address);
        await twice.WriteAsync(Encoding.ASCII.GetBytes(RdgClient.Head("RDG_OUT_DATA", id, "Content-Length: 0")));
        Assert.Equal("", await RdgClient.HeadAsync(twice));
    }

    [Fact]
    public async Task Client_that_stops_in_the_middle_is_let_go_after_ten_seconds()
    {
        var time = new FakeTimeProvider();
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer(), time);
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        await client.SendAsync(TsguSamples.HandshakeRequest);
        await client.PacketAsync();
        var ends = client.PacketAsync();
        while (!ends.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.Empty(await ends);
    }

    [Theory]
    [InlineData("RDG_OUT_DATA /other HTTP/1.1\r\nRDG-Connection-Id: {0f0e0d0c-0b0a-0908-0706-050403020100}\r\n\r\n", "HTTP/1.1 404")]
    [InlineData("RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "")]
    public async Task Request_that_is_none_of_ours_is_answered_or_closed(string request, string answer)
    {
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer());
        await using var tls = await RdgClient.TlsAsync(gateway.Address);
        await tls.WriteAsync(Encoding.ASCII.GetBytes(request));
        Assert.StartsWith(answer, await RdgClient.HeadAsync(tls), StringComparison.Ordinal);
        Assert.True(await RdgClient.EndsAsync(tls));
    }

    [Fact]
    public async Task Pages_are_served_beside_it_over_http_1_and_2_and_byte_by_byte()
    {
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer());
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{gateway.Address.Port}/health") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var answer = await http.SendAsync(request);
            Assert.Equal(("ok", version), (await answer.Content.ReadAsStringAsync(), answer.Version));
        }
        await using var slow = await RdgClient.TlsAsync(gateway.Address, SslApplicationProtocol.Http11);
        foreach (var b in "RDG_OUT_DATX /health HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray()) await slow.WriteAsync(new[] { b });
        Assert.StartsWith("HTTP/1.1 4", await RdgClient.HeadAsync(slow), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reader_that_does_not_read_holds_the_machine_back_and_no_memory()
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        await client.OpenAsync(TicketFor(redeemer, machine));
        using var there = await machine.AcceptAsync();
        there.SendTimeout = 1000;
        var sent = 0L;
        // Until nothing more is taken: the kernel's buffers on four sockets, and a few of ours.
        try { while (sent < 256L << 20) sent += there.Send(new byte[64 * 1024]); }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock) { /* held back, as it should be */ }
        Assert.InRange(sent, 64 * 1024, 64L << 20);
        Assert.Equal(1, gateway.Connections.Count);
    }

    [Fact]
    public async Task Gateway_that_stops_ends_its_channels_with_their_reason()
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var client = await RdgClient.PairAsync(gateway.Address);
        await client.OpenAsync(TicketFor(redeemer, machine));
        using var there = await machine.AcceptAsync();
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
        await gateway.StopAsync().WaitAsync(Patience);
        Assert.Equal(nameof(RelayEnd.GatewayStopping), (await gateway.NextReportAsync()).Closed.End);
        var (code, words) = await client.ClosedAsync();
        Assert.Equal(TsguCloseReason.Aborted, code);
        Assert.Contains("A gateway está a reiniciar.", words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RelayEnd.TicketRevoked, TsguCloseReason.Aborted, null)]
    [InlineData(RelayEnd.IdleTimeout, TsguCloseReason.IdleTimeout, "nothing happened on it")]
    [InlineData(RelayEnd.AccessWithdrawn, TsguCloseReason.PersonNotAllowed, "O seu acesso foi retirado")]
    [InlineData(RelayEnd.NotEntitled, TsguCloseReason.ResourceNotAllowed, "not entitled")]
    [InlineData(RelayEnd.NotProvedAgain, TsguCloseReason.ProofMissing, null)]
    [InlineData(RelayEnd.CardRemoved, TsguCloseReason.Aborted, "The card was taken out")]
    internal async Task Channel_that_somebody_ends_is_closed_with_the_reason(RelayEnd end, TsguCloseReason expected, string? expectedWords)
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        await client.OpenAsync(TicketFor(redeemer, machine));
        using var there = await machine.AcceptAsync();
        Assert.True(await gateway.Connections.EndAsync((await gateway.NextReportAsync()).ConnectionId, end));
        var (code, words) = await client.ClosedAsync();
        Assert.Equal(expected, code);
        if (expectedWords is null) Assert.Null(words);
        else Assert.Contains(expectedWords, words, StringComparison.Ordinal);
        Assert.Equal(end.ToString(), (await gateway.NextReportAsync()).Closed.End);
    }

    [Theory]
    [InlineData(false, TsguCloseReason.ResourceClosed, RelayEnd.MachineClosed)]
    [InlineData(true, TsguCloseReason.ResourceLost, RelayEnd.MachineLost)]
    internal async Task Machine_that_closes_is_told_from_one_that_is_gone(bool reset, TsguCloseReason expected, RelayEnd end)
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        await client.OpenAsync(TicketFor(redeemer, machine));
        var there = await machine.AcceptAsync();
        await gateway.NextReportAsync();
        if (reset) there.LingerState = new LingerOption(true, 0);
        there.Dispose();
        Assert.Equal((expected, null), await client.ClosedAsync());
        Assert.Equal(end.ToString(), (await gateway.NextReportAsync()).Closed.End);
    }

    [Fact]
    public async Task Brokers_order_and_a_vanished_client_end_one_channel()
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        await client.OpenAsync(TicketFor(redeemer, machine));
        using var there = await machine.AcceptAsync();
        var revoked = (await gateway.NextReportAsync()).ConnectionId;
        var other = await RdgClient.PairAsync(gateway.Address);
        await other.OpenAsync(TicketFor(redeemer, machine));
        using var thereToo = await machine.AcceptAsync();
        await gateway.NextReportAsync();

        Assert.True(await gateway.Connections.EndAsync(revoked, RelayEnd.TicketRevoked));
        Assert.Equal(nameof(RelayEnd.TicketRevoked), (await gateway.NextReportAsync()).Closed.End);
        Assert.Equal((byte)TsguPacketType.CloseChannel, (await client.PacketAsync())[0]);
        await other.DisposeAsync();
        Assert.Equal(nameof(RelayEnd.ClientClosed), (await gateway.NextReportAsync()).Closed.End);
        Assert.Equal(0, await thereToo.ReceiveAsync(new byte[1]));
    }

    [Fact]
    public async Task Machine_that_leaves_is_heard_to_its_last_word()
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        await client.OpenAsync(TicketFor(redeemer, machine));
        using (var there = await machine.AcceptAsync()) there.Send("goodbye"u8);
        Assert.Equal("goodbye", Encoding.ASCII.GetString((await client.PacketAsync())[TsguDataHeader.Length..]));
        Assert.Equal((byte)TsguPacketType.CloseChannel, (await client.PacketAsync())[0]);
        Assert.Empty(await client.PacketAsync());
    }

    [Fact]
    public async Task Silent_channel_hears_a_keepalive_and_answers_are_not_answered()
    {
        var (redeemer, machine) = (new FakeRedeemer(), Listen());
        using var _machine = machine;
        await using var gateway = await RdgTestGateway.StartAsync(redeemer, null, ("Gateway:RdGateway:Keepalive", "00:00:01"));
        await using var client = await RdgClient.WebSocketAsync(gateway.Address);
        await client.OpenAsync(TicketFor(redeemer, machine));
        using var there = await machine.AcceptAsync();
        Assert.Equal(TsguSamples.Keepalive, await client.PacketAsync());
        const int sent = 200;
        for (var i = 0; i < sent; i++) await client.SendAsync(TsguSamples.Keepalive);
        // What arrives at the machine says that all of them were heard; the gateway's own go on meanwhile, one every two seconds.
        await client.SendDataAsync([1]);
        Assert.Equal([1], await ReadAsync(there, 1));
        there.Send("x"u8);
        var heard = 0;
        byte[] packet;
        while ((packet = await client.PacketAsync()).SequenceEqual(TsguSamples.Keepalive)) heard++;
        Assert.Equal(TsguPacketType.Data, (TsguPacketType)packet[0]);
        Assert.InRange(heard, 0, sent / 2);
    }

    private static async Task<RdgClient> OpenAsync(RdgTestGateway gateway, bool pair) =>
        pair ? await RdgClient.PairAsync(gateway.Address) : await RdgClient.WebSocketAsync(gateway.Address);

    private static string TicketFor(FakeRedeemer redeemer, Socket machine) => redeemer.NewTicket((IPEndPoint)machine.LocalEndPoint!, new byte[32], endToEnd: true);

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        await using var network = new NetworkStream(socket, ownsSocket: false);
        await network.ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience);
        return bytes;
    }
}
