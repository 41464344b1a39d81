using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

public sealed class SignInTests(Chromium chromium)
{
    [Fact]
    public async Task First_run_takes_the_token_from_the_fragment_and_ends_on_the_dashboard()
    {
        await using var console = await RunningConsole.StartAsync(world => world.SetUpDone = false);
        var page = await chromium.OpenAsync(console, signIn: false);
        ConcurrentQueue<string> asked = new();     // the page goes on asking while this is looked at
        page.Request += (_, request) => asked.Enqueue(request.Url);
        await page.GotoAsync("/set-up#" + FakeWorld.SetUpToken);
        await Expect(page.Locator("#token")).ToHaveValueAsync(FakeWorld.SetUpToken);
        await Expect(page).Not.ToHaveURLAsync(new Regex(FakeWorld.SetUpToken));
        await page.Locator("input[name=userName]").FillAsync("rita");
        await page.Locator("input[name=displayName]").FillAsync("Rita Admin");
        await page.Locator("input[name=password]").FillAsync(FakeWorld.Password);
        await page.Locator("input[name=repeated]").FillAsync(FakeWorld.Password);
        await page.Locator("button.main").ClickAsync();
        await EnrolAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Painel");
        Assert.Contains("set-up rita", console.World.Calls);
        Assert.DoesNotContain(asked, url => new Uri(url).PathAndQuery.Contains(FakeWorld.SetUpToken, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Administrator_without_a_factor_enrols_one_and_a_wrong_code_keeps_the_key()
    {
        await using var console = await RunningConsole.StartAsync(world => world.MustEnrol = true);
        var page = await chromium.OpenAsync(console, signIn: false);
        await page.GotoAsync("/sessions");
        await Chromium.PasswordAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Adicionar uma aplicação de autenticação");
        var secret = await page.Locator("#secret").InnerTextAsync();
        await page.Locator("input[name=code]").FillAsync("000000");
        await page.Locator("button.main").ClickAsync();
        await Expect(page.Locator("[role=alert]")).ToContainTextAsync("não está correto");
        await Expect(page.Locator("#secret")).ToHaveTextAsync(secret);
        // Only the second step is open with half a sign-in.
        await page.GotoAsync("/machines");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Iniciar sessão");
        await page.GotoAsync("/sign-in/app?return=/sessions");
        await EnrolAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Sessões");
        Assert.DoesNotContain(await page.Context.CookiesAsync(), c => c.Name.EndsWith("-step", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrong_code_says_so_and_a_recovery_code_gets_in()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, signIn: false);
        await page.GotoAsync("/sessions");
        await Chromium.PasswordAsync(page);
        await page.Locator("input[name=code]").FillAsync("000000");
        await page.Locator("button.main").ClickAsync();
        await Expect(page.Locator("[role=alert]")).ToContainTextAsync("não está correto");
        var step = (await page.Context.CookiesAsync()).Single(c => c.Name == "__Host-montalegre-console-step");
        Assert.True(step is { Secure: true, HttpOnly: true, SameSite: SameSiteAttribute.Strict, Path: "/" });
        await page.Locator("a[href*=recovery]").ClickAsync();
        await Expect(page.Locator("#lead")).ToContainTextAsync("códigos de recuperação");
        await page.Locator("input[name=code]").FillAsync(FakeWorld.Code);
        await page.Locator("button.main").ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Sessões");
    }

    [Fact]
    public async Task A_used_set_up_link_is_refused_in_words()
    {
        await using var console = await RunningConsole.StartAsync(world => world.SetUpDone = false);
        var page = await chromium.OpenAsync(console, signIn: false);
        await page.GotoAsync("/set-up");
        await page.Locator("#token").FillAsync("not-the-token");
        await page.Locator("input[name=userName]").FillAsync("rita");
        await page.Locator("input[name=displayName]").FillAsync("Rita");
        await page.Locator("input[name=password]").FillAsync(FakeWorld.Password);
        await page.Locator("input[name=repeated]").FillAsync(FakeWorld.Password);
        await page.Locator("button.main").ClickAsync();
        await Expect(page.Locator("[role=alert]")).ToContainTextAsync("Esta ligação de configuração não é válida");
    }

    [Fact]
    public async Task Wrong_password_says_so_and_the_right_one_returns_to_the_page_that_was_asked_for()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, signIn: false);
        await page.GotoAsync("/machines/m-balcao-3");
        await Chromium.PasswordAsync(page, "wrong");
        await Expect(page.Locator("[role=alert]")).ToContainTextAsync("não está correto");
        await Chromium.SignInAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("balcao-3");
    }

    [Fact]
    public async Task Sign_in_cookie_is_host_only_and_hides_the_token()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console);
        await Ready.PageAsync(page);
        var cookie = (await page.Context.CookiesAsync()).Single(c => c.Name == "__Host-montalegre-console");
        Assert.True(cookie is { Secure: true, HttpOnly: true, SameSite: SameSiteAttribute.Strict, Path: "/" });
        Assert.DoesNotContain(console.World.Tokens.Keys, token => cookie.Value.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sign_in_that_the_broker_has_ended_asks_again_and_keeps_the_page()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, path: "/sessions");
        await Ready.PageAsync(page);
        console.World.Tokens.Clear();
        console.World.BreakWatches();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Iniciar sessão");
        Assert.Contains("return=%2Fsessions", page.Url, StringComparison.Ordinal);
        await Chromium.SignInAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Sessões");
    }

    [Fact]
    public async Task Signing_out_tells_the_broker_and_ends_the_watches()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console);
        await Ready.PageAsync(page);
        var other = await page.Context.NewPageAsync();
        await other.GotoAsync("/machines");
        await Ready.PageAsync(other);
        await page.GetByRole(AriaRole.Button, new() { Name = "Terminar sessão na consola" }).ClickAsync();
        await Expect(other.Locator("h1")).ToHaveTextAsync("Iniciar sessão");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Iniciar sessão");
        Assert.Contains("sign-out", console.World.Calls);
        await Ready.ThatAsync(() => console.World.Machines.Watchers == 0, "no watch is left");
        await page.GotoAsync("/machines");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Iniciar sessão");
    }

    [Fact]
    public async Task Language_switch_changes_every_word_and_is_remembered()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console);
        await Ready.PageAsync(page);
        await page.GotoAsync("/preferences?return=/machines");
        await page.GetByRole(AriaRole.Button, new() { Name = "English" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Back", Exact = true }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Machines");
        await Expect(page).ToHaveTitleAsync("Machines · Montalegre VDI — Console");
    }

    private static async Task EnrolAsync(IPage page)
    {
        await page.Locator("input[name=code]").FillAsync(FakeWorld.Code);
        await page.Locator("button.main").ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Códigos de recuperação");
        await Expect(page.Locator(".codes li")).ToHaveCountAsync(10);
        await page.Locator("a.main").ClickAsync();
    }
}
