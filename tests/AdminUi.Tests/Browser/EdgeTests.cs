using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

public sealed class EdgeTests(Chromium chromium)
{
    [Theory]
    [InlineData("https://elsewhere.example", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.Forbidden)]
    [InlineData("own", HttpStatusCode.SwitchingProtocols)]
    public async Task Circuit_is_opened_only_from_our_own_origin(string? origin, HttpStatusCode expected)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console);
        await Ready.PageAsync(page);
        using var socket = new ClientWebSocket();
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) => console.Authority.Signed(certificate);
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Cookie", string.Join("; ", (await page.Context.CookiesAsync()).Select(c => $"{c.Name}={c.Value}")));
        if (origin is not null) socket.Options.SetRequestHeader("Origin", origin == "own" ? console.Address : origin);
        var open = socket.ConnectAsync(new(console.Address.Replace("https:", "wss:", StringComparison.Ordinal) + "/_blazor"), TestContext.Current.CancellationToken);
        if (expected == HttpStatusCode.SwitchingProtocols) await open;
        else await Assert.ThrowsAsync<WebSocketException>(() => open);
        Assert.Equal(expected, socket.HttpStatusCode);
    }

    [Fact]
    public async Task Every_page_carries_the_security_headers()
    {
        await using var console = await RunningConsole.StartAsync();
        using var client = console.Client();
        var answer = await client.GetAsync(new Uri("/sign-in", UriKind.Relative), TestContext.Current.CancellationToken);
        string Header(string name) => string.Join(",", answer.Headers.TryGetValues(name, out var values) ? values : []);
        Assert.Contains("script-src 'self';", Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal("max-age=31536000; includeSubDomains", Header("Strict-Transport-Security"));
        Assert.Equal("nosniff", Header("X-Content-Type-Options"));
        Assert.Equal("no-referrer", Header("Referrer-Policy"));
        Assert.Equal("same-origin", Header("Cross-Origin-Opener-Policy"));
        Assert.Equal("no-store", Header("Cache-Control"));
        Assert.Equal("", Header("Server"));
    }

    [Fact]
    public async Task Console_answers_at_its_own_name_only()
    {
        await using var console = await RunningConsole.StartAsync();
        using var client = console.Client();
        using var question = new HttpRequestMessage(HttpMethod.Get, new Uri("/sign-in", UriKind.Relative)) { Headers = { Host = "portal.example" } };
        Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(question, TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/sign-in", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Certificate_that_was_renewed_is_shown_without_a_restart()
    {
        await using var console = await RunningConsole.StartAsync();
        async Task<string> ShownAsync()
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", new Uri(console.Address).Port, TestContext.Current.CancellationToken);
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, certificate, _, _) => console.Authority.Signed(certificate) }, TestContext.Current.CancellationToken);
            return tls.RemoteCertificate!.GetCertHashString();
        }
        var first = await ShownAsync();

        var file = console.Authority.Issue("localhost");

        using var renewed = X509CertificateLoader.LoadCertificateFromFile(file);
        Assert.NotEqual(first, renewed.GetCertHashString());
        for (var look = 0; look < 60 && await ShownAsync() == first; look++) await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.Equal(renewed.GetCertHashString(), await ShownAsync());
    }

    [Fact]
    public async Task Form_post_without_its_antiforgery_token_is_refused()
    {
        await using var console = await RunningConsole.StartAsync();
        using var client = console.Client();
        using var form = new FormUrlEncodedContent([new("userName", "rita"), new("password", FakeWorld.Password)]);
        var answer = await client.PostAsync(new Uri("/sign-in/submit", UriKind.Relative), form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(console.World.Tokens);
    }

    [Fact]
    public async Task Page_without_sign_in_leads_to_the_sign_in_page()
    {
        await using var console = await RunningConsole.StartAsync();
        using var client = console.Client();
        var answer = await client.GetAsync(new Uri("/machines", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.EndsWith("/sign-in?return=%2Fmachines", answer.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broker_whose_certificate_names_somebody_else_is_not_talked_to()
    {
        await using var console = await RunningConsole.StartAsync(brokerName: "impostor.example");
        var page = await chromium.OpenAsync(console, signIn: false);
        await page.GotoAsync("/sign-in");
        await Chromium.PasswordAsync(page);
        await Expect(page.Locator("[role=alert]")).ToContainTextAsync("O serviço de ligações não responde");
        Assert.Empty(console.World.Tokens);
    }
}
