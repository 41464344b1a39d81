using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>Crowds that stop half-way into TLS or into an RD Gateway pair, and clients whose cable is cut.</summary>
public sealed class OneDoorAbuseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);        // thousands of connections
    private static readonly (string, string)[] Generous =
    [
        ("Gateway:Limits:Handshakes", "6000"), ("Gateway:Limits:HandshakesPerAddress", "6000"), ("Gateway:Limits:ConnectionsPerAddress", "12000"), ("Gateway:Limits:ConnectionsPerSecond", "10000"),
    ];

    [Fact]
    public async Task Five_thousand_that_stop_in_the_middle_of_tls_keep_nobody_out_and_are_let_go()
    {
        const int Silent = 5_000;
        var time = new FakeTimeProvider();
        var redeemer = new FakeRedeemer();
        using var machine = Listen();
        await using var gateway = await RdgTestGateway.StartAsync(redeemer, time, Generous);
        var strangers = new Socket[Silent];
        for (var i = 0; i < Silent; i++)
        {
            strangers[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await strangers[i].ConnectAsync(i % 2 == 0 ? gateway.Address : gateway.Rdp).WaitAsync(Patience);
            await strangers[i].SendAsync(new byte[] { 0x16, 0x03, 0x01 });
        }

        await using (var client = await RdgClient.WebSocketAsync(gateway.Address))
        {
            Assert.Equal(TsguError.None, (await client.OpenAsync(TicketFor(redeemer, machine))).Channel);
            using var there = await machine.AcceptAsync();
        }
        using (var http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } }))
            Assert.Equal("ok", await http.GetStringAsync(new Uri($"https://127.0.0.1:{gateway.Address.Port}/health")));

        var closed = Task.WhenAll(strangers.Select(EndAsync));
        await AdvanceUntilAsync(time, closed);
        await closed;
    }

    [Fact]
    public async Task Two_thousand_halves_of_pairs_keep_nobody_out_and_are_let_go()
    {
        const int Halves = 2_000;
        var time = new FakeTimeProvider();
        var redeemer = new FakeRedeemer();
        using var machine = Listen();
        await using var gateway = await RdgTestGateway.StartAsync(redeemer, time, Generous);
        var pin = gateway.Services.GetRequiredService<DoorCertificate>().Options.ServerCertificateContext!.TargetCertificate.GetCertHash(HashAlgorithmName.SHA256);
        using var context = TlsContext.Client();
        var halves = new TlsStream[Halves];
        await Parallel.ForAsync(0, Halves, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, ct) =>
        {
            halves[i] = new TlsStream(await TcpStream.ConnectAsync("127.0.0.1", gateway.Address.Port, ct));
            await halves[i].AuthenticateAsClientAsync(context, pin, ct);
            await halves[i].WriteAsync(Encoding.ASCII.GetBytes(RdgClient.Head("RDG_OUT_DATA", Guid.NewGuid(), "Content-Length: 0")), ct);
            await halves[i].ReadExactlyAsync(new byte[12], ct);
        });
        Assert.Equal(Halves, gateway.Pairs.Count);

        await using (var client = await RdgClient.PairAsync(gateway.Address))
        {
            Assert.Equal(TsguError.None, (await client.OpenAsync(TicketFor(redeemer, machine))).Channel);
            using var there = await machine.AcceptAsync();
        }
        var gone = Eventually.IsTrueAsync(() => gateway.Pairs.Count == 0, Patience);
        await AdvanceUntilAsync(time, gone);
        Assert.True(await gone);
        foreach (var half in halves) await half.DisposeAsync();
    }

    /// <summary>Nothing answers, not even a reset: an idle RDP client is missed by the system's probes, an RD Gateway client by bytes nobody takes.</summary>
    [Fact]
    public async Task Clients_whose_cable_is_cut_are_let_go()
    {
        var redeemer = new FakeRedeemer();
        using var plain = Listen();
        await using var cable = await CutCable.LayAsync();
        await using var machine = new FakeMachine();
        await using var gateway = await TestGateway.StartAsync(redeemer, null,
            ("Gateway:ClientSilence", "00:00:06"), ("Gateway:RdGateway:VanishedAfter", "00:00:06"), ("Gateway:RdGateway:Keepalive", "00:00:01"));
        var address = gateway.OpenIn(cable.Servers, CutCable.Address);
        var (idle, _, machineEnd, _) = await RawClient.OpenAsync(address, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256), cable.Clients);
        using var _idle = idle;
        var first = await gateway.NextReportAsync();
        await using var tunnel = await RdgClient.WebSocketAsync(address, cable.Clients);
        Assert.Equal(TsguError.None, (await tunnel.OpenAsync(TicketFor(redeemer, plain))).Channel);
        using var there = await plain.AcceptAsync();
        var second = await gateway.NextReportAsync();

        await cable.CutAsync();

        Assert.Equal(0, await machineEnd.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        Assert.Equal(0, await there.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        var ends = new[] { await gateway.NextReportAsync(), await gateway.NextReportAsync() };
        Assert.Equal(new[] { first.ConnectionId, second.ConnectionId }.Order(), ends.Select(e => e.ConnectionId).Order());
        Assert.All(ends, e => Assert.Equal(nameof(RelayEnd.ClientClosed), e.Closed.End));
    }

    private static string TicketFor(FakeRedeemer redeemer, Socket machine) => redeemer.NewTicket((IPEndPoint)machine.LocalEndPoint!, new byte[32], endToEnd: true);

    /// <summary>Moves the clock until each of the gateway's timers, started at unknown instants, has seen its deadline pass.</summary>
    private static async Task AdvanceUntilAsync(FakeTimeProvider time, Task over)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(Patience);
        while (!over.IsCompleted && await tick.WaitForNextTickAsync(deadline.Token)) time.Advance(TimeSpan.FromSeconds(1));
    }

    private static async Task EndAsync(Socket socket)
    {
        using var _ = socket;
        try { while (await socket.ReceiveAsync(new byte[64]) > 0) { /* an alert is fine */ } }
        catch (SocketException) { /* so is a reset */ }
    }

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }
}
