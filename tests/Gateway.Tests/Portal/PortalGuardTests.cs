using System.Net;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>What the portal must refuse, and what it must never let out.</summary>
public sealed class PortalGuardTests : IAsyncLifetime
{
    private readonly PortalRig _rig = new();

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/no-such-page")]
    [InlineData("/")]
    public async Task Every_answer_carries_the_security_headers(string path)
    {
        using var client = _rig.NewClient();
        var headers = (await client.GetAsync(path, Stop)).Headers;
        var policy = Assert.Single(headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(headers.GetValues("Referrer-Policy")));
        Assert.Equal("same-origin", Assert.Single(headers.GetValues("Cross-Origin-Opener-Policy")));
        Assert.Equal("same-origin", Assert.Single(headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.Equal("max-age=31536000; includeSubDomains", Assert.Single(headers.GetValues("Strict-Transport-Security")));
        Assert.Contains("camera=()", Assert.Single(headers.GetValues("Permissions-Policy")), StringComparison.Ordinal);
        Assert.True(headers.CacheControl!.NoStore);
        Assert.False(headers.Contains("Server") && headers.GetValues("Server").Any(s => s.Contains('/', StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Session_cookie_is_host_bound_hidden_from_script_and_new_at_each_sign_in()
    {
        var first = await SignInCookieAsync();
        var second = await SignInCookieAsync();
        Assert.Contains("secure", first, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", first, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", first, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/", first, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain=", first, StringComparison.OrdinalIgnoreCase);
        Assert.NotEqual(first.Split(';')[0], second.Split(';')[0]);
    }

    [Fact]
    public async Task Form_without_its_token_is_refused_and_never_reaches_the_broker()
    {
        using var client = _rig.NewClient();
        using var form = new FormUrlEncodedContent([new("user", "maria"), new("password", FakeBroker.Password)]);
        var answer = await client.PostAsync("/sign-in", form, Stop);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(_rig.Broker.SignIns);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task Change_asked_by_another_site_is_refused_even_with_a_good_token(string header, string value)
    {
        using var client = await _rig.SignedInAsync();
        client.DefaultRequestHeaders.Add(header, value);
        var answer = await PortalRig.PostAsync(client, "/", "/connect", ("pool", FakeBroker.Pool));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(_rig.Broker.Launches);
    }

    [Fact]
    public async Task Launch_page_of_one_person_is_nothing_to_another_and_starts_no_machine()
    {
        using var maria = await _rig.SignedInAsync();
        var launch = await PortalRig.ConnectAsync(maria);
        using var rui = _rig.NewClient();
        await PortalRig.PostAsync(rui, "/sign-in", "/sign-in", ("user", "rui"), ("password", FakeBroker.Password));
        Assert.Equal(HttpStatusCode.NotFound, (await rui.GetAsync(launch, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await rui.GetAsync("/connect/made-up", Stop)).StatusCode);
        Assert.Empty(_rig.Broker.Launches);
    }

    [Fact]
    public async Task Tickets_and_passwords_are_in_no_address_and_no_log_line()
    {
        using var client = await _rig.SignedInAsync();
        var launch = await PortalRig.ConnectAsync(client);
        await PortalRig.PostAsync(client, launch, $"{launch}/file");
        await PortalRig.PostAsync(client, launch, $"{launch}/command");
        Assert.NotEmpty(_rig.Broker.Tickets);
        Assert.NotEmpty(_rig.Log);
        foreach (var secret in _rig.Broker.Tickets.Append(FakeBroker.Password))
            Assert.DoesNotContain(_rig.Log, line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example")]
    public async Task Language_switch_never_leads_to_another_site(string back)
    {
        using var client = _rig.NewClient();
        var answer = await PortalRig.PostAsync(client, "/sign-in", "/language", ("to", "en"), ("back", back));
        Assert.Equal("/", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Form_that_is_too_long_is_refused()
    {
        using var client = _rig.NewClient();
        var answer = await PortalRig.PostAsync(client, "/sign-in", "/sign-in", ("user", "maria"), ("password", new string('a', 20_000)));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(_rig.Broker.SignIns);
    }

    [Fact]
    public async Task Leaving_the_portal_ends_the_sign_in_at_the_broker_too()
    {
        using var client = await _rig.SignedInAsync();
        var answer = await PortalRig.PostAsync(client, "/", "/sign-out");
        Assert.Equal("/sign-in?left=1", answer.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/sign-in?left=1", Stop)).StatusCode);
        Assert.Equal("/sign-in", (await client.GetAsync("/", Stop)).Headers.Location!.ToString());
    }

    [Fact]
    public async Task Assets_are_named_by_their_content_and_may_be_kept()
    {
        using var client = _rig.NewClient();
        var html = await client.GetStringAsync("/sign-in", Stop);
        var css = html.Split("href=\"").First(part => part.StartsWith("/assets/portal.", StringComparison.Ordinal)).Split('"')[0];
        var answer = await client.GetAsync(css, Stop);
        Assert.Equal("text/css", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains("immutable", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    private async Task<string> SignInCookieAsync()
    {
        using var client = _rig.NewClient();
        var answer = await PortalRig.PostAsync(client, "/sign-in", "/sign-in", ("user", "maria"), ("password", FakeBroker.Password));
        return answer.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("__Host-montalegre=", StringComparison.Ordinal));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
