using System.Net;
using System.Text.RegularExpressions;
using Grpc.Core;
using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Broker.Tests.Identity;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Broker.Tests.OpenId;

/// <summary>People sign in with a real provider at portal and console, in a real Chromium, and sign out everywhere.</summary>
public sealed class FacesTests(OidcFaces faces) : IClassFixture<OidcFaces>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("pt-PT", 1280, "Entrar com Autenticação da Câmara")]
    [InlineData("pt-PT", 390, "Entrar com Autenticação da Câmara")]
    [InlineData("en", 1280, "Sign in with Autenticação da Câmara")]
    [InlineData("en", 390, "Sign in with Autenticação da Câmara")]
    public async Task Both_sign_in_pages_have_a_button_for_the_provider(string language, int width, string words)
    {
        await faces.Broker.SaveAsync();
        var page = await faces.OpenAsync(language, width: width);
        await SignInButton.LooksRightAsync(page, faces.Portal, faces.Console, language, width, words, "provider");
    }

    [Fact]
    public async Task Employee_signs_in_and_out_without_script_and_is_signed_out_of_the_provider_too()
    {
        await faces.Broker.SaveAsync();
        var page = await faces.OpenAsync(script: false);
        await page.GotoAsync($"{faces.Portal}/help");
        await page.GotoAsync($"{faces.Portal}/sign-in?return=%2Faccount");
        await AtProviderAsync(page, "ana", "Entrar com");
        await Expect(page).ToHaveURLAsync($"{faces.Portal}/account");
        await Expect(page.Locator(".person")).ToContainTextAsync("Ana Silva");

        await page.GetByRole(AriaRole.Button, new() { Name = "Sair do portal" }).First.ClickAsync();
        await page.Locator("button[value=yes]").ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/sign-in\\?left=1$"));
        await Expect(page.Locator("[role=status].good")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Entrar com") }).ClickAsync();
        await Expect(page.Locator("input[name=login]")).ToBeVisibleAsync();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Administrator_gives_a_second_factor_after_the_provider_and_what_ends_there_ends_here()
    {
        await faces.Broker.SaveAsync();
        await faces.Broker.LocalAsync("other.admin", administrator: true);
        var page = await faces.OpenAsync();
        await page.GotoAsync($"{faces.Console}/sign-in");
        await AtProviderAsync(page, "sure", "Entrar com");
        await Expect(page.Locator("[role=alert]")).ToBeVisibleAsync();   // known to the provider, no role here
        await new Roles.RolesClient(faces.Broker.Broker.Api()).GrantAsync(new() { UserName = "sure", Role = "administrator" }, faces.Broker.Administrator);

        await page.GotoAsync($"{faces.Console}/sign-in?return=%2Fsessions");
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Entrar com") }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/sign-in/app"));
        await Expect(page.Locator("#secret")).ToBeVisibleAsync();

        var trusting = faces.Broker.Settings();
        trusting.SecondFactorValues.Add("mfa");
        await faces.Broker.SaveAsync(trusting);
        await page.GotoAsync($"{faces.Console}/sign-in?return=%2Fsessions");
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Entrar com") }).ClickAsync();
        await Expect(page).ToHaveURLAsync($"{faces.Console}/sessions");
        await Expect(page.Locator("main h1")).ToHaveTextAsync("Sessões");

        // Signed out at the provider itself, which tells the portal; the console's sign-in was through the same session there.
        var there = await page.Context.NewPageAsync();
        await there.GotoAsync($"{faces.Broker.Provider.Issuer}/session/end");
        await there.Locator("button[value=yes]").ClickAsync();
        await Agents.Until.EqualAsync(0, () => faces.Broker.ScalarAsync<int>("select count(*)::int from sign_in join app_user using (user_id) where user_name = 'sure'"));
        await Expect(page).ToHaveURLAsync(new Regex("/sign-in"));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Five_seconds_after_the_provider_says_so_the_last_of_somebodys_sign_ins_has_ended()
    {
        var trusting = faces.Broker.Settings();
        trusting.SecondFactorValues.Add("mfa");
        var provider = await faces.Broker.SaveAsync(trusting);
        using var browser = new ProviderBrowser(faces.Broker.Provider);
        var signIns = new List<CallOptions>();
        for (var n = 0; n < 3; n++) signIns.Add(TestApi.With((await EnterAsync(faces.Portal, console: false)).SignedIn.Token));
        await new Roles.RolesClient(faces.Broker.Broker.Api()).GrantAsync(new() { UserName = "desk", Role = "administrator" }, faces.Broker.Administrator);
        var atConsole = TestApi.With((await EnterAsync(faces.Console, console: true)).SignedIn.Token);
        using var watch = new Contracts.Admin.V1.Sessions.SessionsClient(faces.Broker.Broker.Api()).Watch(new(), atConsole);
        Assert.True(await watch.ResponseStream.MoveNext(Ct));
        foreach (var one in signIns) await faces.Broker.Portal.ListDesktopsAsync(new(), one);

        // The promise begins when the provider sends; it sends before it answers the browser. Five seconds where nothing stands still;
        // the test only waits long enough.
        using var promise = new CancellationTokenSource();
        var open = EndedAsync();
        promise.CancelAfter(TimeSpan.FromMinutes(2));
        await browser.SignOutAsync(faces.Broker.Provider.Issuer);

        await open;
        Assert.Equal(0, await faces.Broker.ScalarAsync<int>("select count(*)::int from sign_in join app_user using (user_id) where user_name = 'desk'"));

        async Task EndedAsync()
        {
            await Assert.ThrowsAsync<RpcException>(async () => { while (await watch.ResponseStream.MoveNext(promise.Token)) { } });
            Assert.False(promise.IsCancellationRequested, "what the console watches outlived the sign-in");
            foreach (var one in signIns)
                while (await RefusedAsync(() => faces.Broker.Portal.ListDesktopsAsync(new(), one).ResponseAsync) is null) await Task.Delay(50, promise.Token);
        }

        async Task<FinishProviderSignInResponse> EnterAsync(string face, bool console)
        {
            var begun = await faces.Broker.SignIn.BeginAsync(new() { ProviderId = provider.ProviderId, Console = console, RedirectUri = $"{face}/sign-in/back", ClientAddress = "192.0.2.7" }, cancellationToken: Ct);
            return await faces.Broker.FinishAsync(await browser.GoAsync(begun.Address, "desk", face), begun.Browser);
        }

        static async Task<string?> RefusedAsync<T>(Func<Task<T>> call)
        {
            try { await call(); }
            catch (RpcException e) { return e.Trailers.GetValue("reason"); }
            return null;
        }
    }

    [Fact]
    public async Task Refused_sign_in_says_why_on_the_page()
    {
        await faces.Broker.SaveAsync();
        var page = await faces.OpenAsync(script: false);
        await page.GotoAsync($"{faces.Portal}/sign-in");
        await AtProviderAsync(page, "root.admin", "Entrar com");   // a local user's name
        await Expect(page.Locator("[role=alert]")).ToContainTextAsync("NOT_KNOWN_HERE");
        await page.GotoAsync($"{faces.Portal}/sign-in/back?state=abc&code=def");
        await Expect(page.Locator("[role=alert]")).ToContainTextAsync("STEP_EXPIRED");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Posts_that_are_no_logout_tokens_are_refused_by_both_faces()
    {
        using var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator, AllowAutoRedirect = false });
        foreach (var face in new[] { faces.Portal, faces.Console })
        {
            foreach (var body in new HttpContent[]
            {
                new FormUrlEncodedContent([new("logout_token", "a.b.c")]), new FormUrlEncodedContent([]), new StringContent("logout_token"), new StringContent("{\"logout_token\":1}", null, "application/json"),
                new ByteArrayContent([0, 255, 0]) { Headers = { { "Content-Type", "application/x-www-form-urlencoded" } } }, new ByteArrayContent([1, 2]) { Headers = { { "Content-Type", "multipart/form-data; boundary=x" } } },
            })
            {
                using var answer = await http.PostAsync($"{face}/sign-in/ended", body, Ct);
                Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{face}: {answer.StatusCode} to {body.Headers.ContentType}");
            }
            Assert.True(await LongAsync(http, face) is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or null, $"{face} takes a long form");
        }
    }

    // Null: the door closed while the form was still being sent.
    private static async Task<HttpStatusCode?> LongAsync(HttpClient http, string face)
    {
        try
        {
            using var answer = await http.PostAsync($"{face}/sign-in/ended", new FormUrlEncodedContent([new("logout_token", new string('a', 200_000))]), Ct);
            return answer.StatusCode;
        }
        catch (HttpRequestException) { return null; }
    }

    // Clicks the button and whatever the provider asks.
    private static async Task AtProviderAsync(IPage page, string name, string button)
    {
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex($"^{button}") }).ClickAsync();
        await page.Locator("input[name=login]").FillAsync(name);
        await page.Locator("input[name=password]").FillAsync("any");
        await page.Locator("button[type=submit]").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
    }
}
