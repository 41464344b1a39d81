using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Flows;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Broker.Tests.ClientCertificates;

/// <summary>People sign in at portal and console with a certificate, in a real Chromium, through a real gateway.</summary>
public sealed partial class CertificateFacesTests(CertificateFaces faces) : IClassFixture<CertificateFaces>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Employee_signs_in_with_a_card_and_nothing_else(bool script)
    {
        var name = $"ana{script}".ToLowerInvariant();
        using var card = await faces.Broker.PersonAsync(await faces.Broker.SaveAsync(), name, $"BI1000000{(script ? 1 : 2)}");
        var page = await faces.OpenAsync(card, script: script);
        await (await CertificateFaces.ButtonAsync(page, $"{faces.Portal}/sign-in?return=%2Faccount")).ClickAsync();
        if (!script)
        {
            await Expect(page).ToHaveURLAsync(new Regex("^" + Regex.Escape(faces.Cards)));
            await Pictures.TakeAsync(page, "certificate-way-back-pt-PT", always: false);
            await page.GetByRole(AriaRole.Button, new() { Name = "Continuar" }).ClickAsync();
        }
        await Expect(page).ToHaveURLAsync($"{faces.Portal}/account");
        await Expect(page.Locator(".person")).ToContainTextAsync(name);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Browser_shows_the_certificate_of_its_own_store_that_its_policy_names_and_no_other()
    {
        if (StoreBrowser.Missing() is { } why) Assert.Skip(why);
        using var card = await faces.Broker.PersonAsync(await faces.Broker.SaveAsync(), "olga", "BI10000009");
        using var strangers = new CardAuthority("Outros");
        using var foreign = strangers.Issue("BI10000009");
        var issuer = faces.Broker.Cards.Issuing.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        await using (var browser = await StoreBrowser.StartAsync(faces.Cards, issuer, foreign, card))
        {
            var page = await browser.OpenAsync();
            await (await CertificateFaces.ButtonAsync(page, $"{faces.Portal}/sign-in?return=%2Faccount")).ClickAsync();
            await Expect(page).ToHaveURLAsync($"{faces.Portal}/account");
            await Expect(page.Locator(".person")).ToContainTextAsync("olga");
        }
        await using (var browser = await StoreBrowser.StartAsync(faces.Cards, strangers.Issuing.GetNameInfo(X509NameType.SimpleName, forIssuer: false), foreign, card))
        {
            var page = await browser.OpenAsync();
            await (await CertificateFaces.ButtonAsync(page, $"{faces.Portal}/sign-in")).ClickAsync();
            await Expect(page.Locator("[role=alert]")).ToContainTextAsync("CERTIFICATE_NOT_TRUSTED");
        }
    }

    [Fact]
    public async Task Administrator_signs_in_at_the_console_with_a_card()
    {
        var authority = await faces.Broker.SaveAsync();
        await faces.Broker.Authorities.LinkAsync(new() { AuthorityId = authority.AuthorityId, Value = "BI20000000", UserName = "root.admin" }, faces.Broker.Administrator);
        using var card = faces.Broker.Cards.Issue("BI20000000");
        var page = await faces.OpenAsync(card);
        await (await CertificateFaces.ButtonAsync(page, $"{faces.Console}/sign-in?return=%2Fsessions")).ClickAsync();
        await Expect(page).ToHaveURLAsync($"{faces.Console}/sessions");
        await Expect(page.Locator("main h1")).ToHaveTextAsync("Sessões");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Refused_card_is_told_why_on_the_page_that_asked()
    {
        await faces.Broker.SaveAsync();
        using var strangers = new CardAuthority("Outros");
        using var foreign = strangers.Issue("BI1");
        using var old = faces.Broker.Cards.Issue("BI2", until: DateTimeOffset.UtcNow.AddDays(-1));
        using var nobody = faces.Broker.Cards.Issue("BI3");
        foreach (var (certificate, code) in new[] { (foreign, "CERTIFICATE_NOT_TRUSTED"), (old, "CERTIFICATE_EXPIRED"), (nobody, "CERTIFICATE_UNKNOWN"), (null, "CERTIFICATE_NOT_SHOWN") })
        {
            var page = await faces.OpenAsync(certificate);
            await (await CertificateFaces.ButtonAsync(page, $"{faces.Portal}/sign-in")).ClickAsync();
            await Expect(page.Locator("[role=alert]")).ToContainTextAsync(code);
            if (certificate == nobody) await Pictures.TakeAsync(page, "certificate-refused-pt-PT", always: false, wholePage: true);
            await page.Context.CloseAsync();
        }
        var console = await faces.OpenAsync(nobody);
        await (await CertificateFaces.ButtonAsync(console, $"{faces.Console}/sign-in")).ClickAsync();
        await Expect(console).ToHaveURLAsync(new Regex("reason=CERTIFICATE_UNKNOWN"));
        await Expect(console.Locator("[role=alert]")).ToBeVisibleAsync();
        await console.Context.CloseAsync();
    }

    [Theory]
    [InlineData("pt-PT", 1440, "Entrar com cartão ou certificado")]
    [InlineData("pt-PT", 390, "Entrar com cartão ou certificado")]
    [InlineData("en", 1440, "Sign in with a card or certificate")]
    [InlineData("en", 390, "Sign in with a card or certificate")]
    public async Task Both_sign_in_pages_have_the_button(string language, int width, string words)
    {
        await faces.Broker.SaveAsync();
        var page = await faces.OpenAsync(null, language, width: width);
        await SignInButton.LooksRightAsync(page, faces.Portal, faces.Console, language, width, words, "certificate");
    }

    [Fact]
    public async Task Only_the_handshake_counts_and_only_at_the_address_for_certificates()
    {
        using var card = await faces.Broker.PersonAsync(await faces.Broker.SaveAsync(), "lina", "BI30000000");
        var forged = Uri.EscapeDataString(card.ExportCertificatePem());
        using var bare = CertificateFaces.Client();
        foreach (var header in new[] { "X-ARR-ClientCert", "X-Client-Cert", "X-SSL-CERT", "X-Forwarded-Client-Cert", "Client-Cert", "SSL_CLIENT_CERT" }) bare.DefaultRequestHeaders.TryAddWithoutValidation(header, header == "X-ARR-ClientCert" ? Convert.ToBase64String(card.RawData) : forged);
        var place = await BegunAsync(bare);
        Assert.StartsWith(faces.Cards + "/?state=", place.AbsoluteUri, StringComparison.Ordinal);
        var refused = await bare.GetAsync(place, Ct);
        Assert.Equal((HttpStatusCode.SeeOther, $"{faces.Portal}/sign-in/certificate/refused?reason=CERTIFICATE_NOT_SHOWN"), (refused.StatusCode, refused.Headers.Location!.AbsoluteUri));

        // The address for certificates has no other pages, and the pages ask nobody for a certificate.
        using var shows = CertificateFaces.Client(card);
        foreach (var path in new[] { "/", "/sign-in", "/assets/portal.css", "/health", "/?state=", "/sign-in/certificate?state=x" }) Assert.Equal(HttpStatusCode.NotFound, (await shows.GetAsync(faces.Cards + path, Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await shows.PostAsync($"{faces.Cards}/?state=x", new FormUrlEncodedContent([]), Ct)).StatusCode);
        Assert.False(await IsAskedAsync(faces.Portal, card));
        Assert.False(await IsAskedAsync(faces.Console, card));
        Assert.True(await IsAskedAsync(faces.Cards, card));

        var shown = await shows.GetAsync(await BegunAsync(shows), Ct);
        var html = await shown.Content.ReadAsStringAsync(Ct);
        var token = Token().Match(html).Groups[1].Value;
        Assert.Equal((HttpStatusCode.OK, 43), (shown.StatusCode, token.Length));
        Assert.Contains($"form-action {faces.Portal}", shown.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        // Brought by another browser, and twice by this one.
        using var other = CertificateFaces.Client();
        await BegunAsync(other);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(other, token)).StatusCode);
        var done = await PostAsync(shows, token);
        Assert.True(done.IsSuccessStatusCode, await done.Content.ReadAsStringAsync(Ct));
        Assert.Contains(done.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith("__Host-montalegre=", StringComparison.Ordinal));
        var again = await PostAsync(shows, token);
        Assert.Contains("STEP_EXPIRED", await again.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        Assert.DoesNotContain(token, faces.Said(), StringComparison.Ordinal);
    }

    // Where a sign-in that this client begins is sent. While the broker stands still nobody is sent anywhere, for some seconds.
    private async Task<Uri> BegunAsync(HttpClient client)
    {
        Uri? place = null;
        await Storage.Eventually.IsTrueAsync(async () =>
        {
            using var begun = await client.GetAsync($"{faces.Portal}/sign-in/certificate", Ct);
            place = begun.Headers.Location;
            return place is not null;
        }, "the portal offers certificates");
        return place!;
    }

    // Whether a browser that has this certificate would be asked to show it.
    private static async Task<bool> IsAskedAsync(string address, X509Certificate2 card)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, new Uri(address).Port, Ct);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", ClientCertificates = [card], RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        }, Ct);
        return tls.IsMutuallyAuthenticated;
    }

    private Task<HttpResponseMessage> PostAsync(HttpClient client, string token)
    {
        var post = new HttpRequestMessage(HttpMethod.Post, $"{faces.Portal}/sign-in/certificate") { Content = new FormUrlEncodedContent([new("hand_over", token)]) };
        post.Headers.Add("Origin", faces.Cards);
        post.Headers.Add("Sec-Fetch-Site", "same-site");
        return client.SendAsync(post, Ct);
    }

    [GeneratedRegex("name=\"hand_over\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
