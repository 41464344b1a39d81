using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Tsgu;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>Both addresses of the gateway tell RDP, RD Gateway, pages and nonsense apart by the first bytes.</summary>
public sealed class OneDoorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("03 00 00 2B 26 E0 00 00", Opening.Rdp)]
    [InlineData("16 03 01 02 00 01 00 01", Opening.Tls)]
    [InlineData("47 45 54 20 2F 20 48 54", Opening.PlainHttp)]
    [InlineData("52 44 47 5F 4F 55 54 5F", Opening.PlainHttp)]
    [InlineData("20 00 00 00 00 00 00 00", Opening.PreconnectionBlob)]
    [InlineData("16 00 00 00 00 00 00 00", Opening.PreconnectionBlob)]          // a blob of 22 bytes begins like TLS
    [InlineData("03 01 00 00 00 00 00 00", Opening.PreconnectionBlob)]          // and one of 259 like TPKT
    [InlineData("16 03 00 00 00 00 00 00", Opening.PreconnectionBlob)]
    [InlineData("00 00 00 00 00 00 00 00", Opening.Unknown)]
    [InlineData("FF 03 00 00 00 00 00 00", Opening.PreconnectionBlob)]
    [InlineData("7F 45 4C 46 02 01 01 00", Opening.Unknown)]
    internal void Eight_bytes_tell_what_it_is(string bytes, Opening opening)
    {
        var first = Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(opening, FirstBytes.Judge(first));
        if (opening != Opening.PreconnectionBlob) Assert.Equal(opening, FirstBytes.Judge(first.AsSpan(0, 1)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Either_address_serves_rdp_rd_gateway_and_pages(bool rdpAddress)
    {
        var redeemer = new FakeRedeemer();
        using var machine = Listen();
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        var address = rdpAddress ? gateway.Rdp : gateway.Address;

        using (var rdp = await RawClient.ConnectAsync(address))
        {
            await rdp.SendAsync(RawClient.Request(FakeRedeemer.Unknown()));
            Assert.IsType<ConnectionConfirm.Accepted>(await rdp.AnswerAsync());         // a page that says why
            Assert.Equal(ReasonCode.TicketUnknown, (await gateway.NextReportAsync()).Failed.Code);
        }

        await using (var tunnel = await RdgClient.WebSocketAsync(address))
        {
            var ticket = redeemer.NewTicket((IPEndPoint)machine.LocalEndPoint!, new byte[32], endToEnd: true);
            Assert.Equal((TsguError.None, TsguError.None, null), await tunnel.OpenAsync(ticket));
            using var there = await machine.AcceptAsync();
            Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
        }

        using var http = Browser();
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{address.Port}/sign-in") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var page = await http.SendAsync(request);
            Assert.Equal((HttpStatusCode.OK, version), (page.StatusCode, page.Version));
            Assert.Contains("<form", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Large_pages_pass_whole_many_at_once(int version)
    {
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer());
        using var http = Browser();
        http.DefaultRequestVersion = new Version(version, version == 1 ? 1 : 0);
        http.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        var site = $"https://127.0.0.1:{gateway.Address.Port}";
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            var count = 1_000_000 + i;
            Assert.Equal(RdgTestGateway.Pattern(count), await http.GetByteArrayAsync(new Uri($"{site}/bytes/{count}")));
        })).WaitAsync(Patience);
    }

    /// <summary>What carries a desktop to a browser; over HTTP/2 it is a stream of the pages' own connection (RFC 8441).</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Web_sockets_pass_large_messages_both_ways(int version)
    {
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer());
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        using var socket = new ClientWebSocket { Options = { HttpVersion = new(version, version == 1 ? 1 : 0), HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact } };
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{gateway.Address.Port}/echo-socket"), http, CancellationToken.None).WaitAsync(Patience);
        var sent = RdgTestGateway.Pattern(3_000_000);
        var sending = socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        var (received, filled) = (new byte[sent.Length], 0);
        while (filled < received.Length) filled += (await socket.ReceiveAsync(received.AsMemory(filled), CancellationToken.None).AsTask().WaitAsync(Patience)).Count;
        await sending;
        Assert.True(sent.AsSpan().SequenceEqual(received));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(Patience);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Client_that_leaves_is_noticed_while_its_page_is_still_being_made(int version)
    {
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer());
        using (var http = Browser())
        {
            using var leaving = new CancellationTokenSource();
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{gateway.Address.Port}/patient") { Version = new(version, version == 1 ? 1 : 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            var asking = http.SendAsync(request, leaving.Token);
            await gateway.PatientCame.Task.WaitAsync(Patience);
            Assert.Equal("ok", await http.GetStringAsync(new Uri($"https://127.0.0.1:{gateway.Address.Port}/health")));
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }
        await gateway.PatientLeft.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Stopping_gateway_ends_pages_that_are_open()
    {
        var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer());
        await using var idle = await RdgClient.TlsAsync(gateway.Address, SslApplicationProtocol.Http11);
        await idle.WriteAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 200 ", await RdgClient.HeadAsync(idle), StringComparison.Ordinal);
        await using var silent = await RdgClient.TlsAsync(gateway.Rdp, SslApplicationProtocol.Http2);
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
        using var rest = new MemoryStream();
        try { await idle.CopyToAsync(rest).WaitAsync(Patience); }
        catch (IOException) { /* a reset is an end too */ }
    }

    [Fact]
    public async Task Plain_http_is_told_the_way_to_https()
    {
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer());
        Assert.StartsWith("HTTP/1.1 307 Temporary Redirect\r\nLocation: https://portal.example.pt/desktops?x=1\r\n",
            await SayAsync(gateway.Address, "GET /desktops?x=1 HTTP/1.1\r\nHost: portal.example.pt\r\n\r\n"), StringComparison.Ordinal);
        foreach (var other in new[] { "POST / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\n\r\n" })
        {
            var answer = await SayAsync(gateway.Rdp, other);
            Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
            Assert.Contains("https://", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Location", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Address_serves_only_what_it_may()
    {
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer(), null,
            ("Gateway:RdpServes:0", "rdp"), ("Gateway:Portal:Serves:0", "pages"));
        Assert.Equal("", await SayAsync(gateway.Address, RawClient.Request(FakeRedeemer.Unknown())));
        await Assert.ThrowsAnyAsync<Exception>(async () => await RdgClient.TlsAsync(gateway.Rdp));
        await using var tunnel = await RdgClient.TlsAsync(gateway.Address);
        await tunnel.WriteAsync(Encoding.ASCII.GetBytes(RdgClient.Head("RDG_OUT_DATA", Guid.NewGuid(), "Content-Length: 0")));
        Assert.StartsWith("HTTP/1.1 4", await RdgClient.HeadAsync(tunnel), StringComparison.Ordinal);
        Assert.Empty(gateway.Connections.All);
    }

    [Fact]
    public async Task Tunnels_need_no_pages_and_a_web_client_is_told_that_there_are_none()
    {
        var redeemer = new FakeRedeemer();
        using var machine = Listen();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using (var tunnel = await RdgClient.WebSocketAsync(gateway.Address))
        {
            Assert.Equal(TsguError.None, (await tunnel.OpenAsync(redeemer.NewTicket((IPEndPoint)machine.LocalEndPoint!, new byte[32], endToEnd: true))).Channel);
        }
        await using var web = await RdgClient.TlsAsync(gateway.Address, SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);
        Assert.Equal(SslApplicationProtocol.Http11, web.NegotiatedApplicationProtocol);
        await web.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 404 ", await RdgClient.HeadAsync(web), StringComparison.Ordinal);
        Assert.True(await RdgClient.EndsAsync(web));
    }

    [Fact]
    public async Task Client_that_speaks_another_protocol_inside_tls_is_refused_in_the_handshake()
    {
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer());
        await Assert.ThrowsAnyAsync<AuthenticationException>(() => RdgClient.TlsAsync(gateway.Address, new SslApplicationProtocol("smtp")));
    }

    [Fact]
    public async Task Ticket_in_a_preconnection_blob_is_taken_only_where_it_is_wanted()
    {
        foreach (var wanted in new[] { true, false })
        {
            await using var gateway = await TestGateway.StartAsync(new FakeRedeemer(), null, ("Gateway:PreconnectionBlob", wanted.ToString()));
            using var client = await RawClient.ConnectAsync(gateway.Address);
            foreach (var b in (byte[])[.. Samples.PreconnectionBlob, .. RawClient.Request(null)])
            {
                try { await client.SendAsync([b]); }
                catch (IOException) when (!wanted) { break; }           // it was closed at the first byte
            }
            Assert.Equal(wanted ? ReasonCode.TicketUnknown : ReasonCode.NotRdp, (await gateway.NextReportAsync()).Failed.Code);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("16")]
    [InlineData("16 03 01")]
    [InlineData("47 45 54 20")]
    [InlineData("03 00")]
    public async Task Who_stops_in_the_first_bytes_is_let_go_and_its_place_is_free_again(string bytes)
    {
        var time = new FakeTimeProvider();
        await using var gateway = await RdgTestGateway.StartAsync(new FakeRedeemer(), time, ("Gateway:Limits:HandshakesPerAddress", "1"));
        using (var silent = await RawClient.ConnectAsync(gateway.Address))
        {
            if (bytes.Length > 0) await silent.SendAsync(Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)));
            var closed = silent.IsClosedAsync();
            while (!closed.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }
            Assert.True(await closed);
        }
        // The place comes back a moment after the client sees its end.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            try
            {
                using var http = Browser();
                return await http.GetStringAsync(new Uri($"https://127.0.0.1:{gateway.Address.Port}/health")) == "ok";
            }
            catch (HttpRequestException) { return false; }
        }, Patience));
    }

    [Fact]
    public void Word_that_names_nothing_we_serve_is_said_with_its_key()
    {
        var options = new GatewayOptions { RdpServes = { "rdp", "telnet" } };
        var problem = Assert.Single(options.Problems());
        Assert.Contains("Gateway:RdpServes", problem, StringComparison.Ordinal);
        Assert.Contains("telnet", problem, StringComparison.Ordinal);
    }

    private static HttpClient Browser() => new(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });

    private static Task<string> SayAsync(IPEndPoint address, string words) => SayAsync(address, Encoding.ASCII.GetBytes(words));

    /// <summary>Says something in the clear and hears the answer to its end.</summary>
    private static async Task<string> SayAsync(IPEndPoint address, byte[] words)
    {
        using var client = await RawClient.ConnectAsync(address);
        await client.SendAsync(words);
        using var heard = new MemoryStream();
        try { await client.Network.CopyToAsync(heard).WaitAsync(Patience); }
        catch (IOException) { /* a reset says no more than an end */ }
        return Encoding.UTF8.GetString(heard.ToArray());
    }

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }
}
