using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.Flows;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>One real Chromium for the whole run; each test gets its own profile, which is closed with the console of that test.</summary>
public sealed partial class Chromium : IAsyncLifetime
{
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public async ValueTask InitializeAsync()
    {
        // The machine of a test run may be busy; the one test about speed measures inside the page.
        Assertions.SetDefaultExpectTimeout(60_000);
        _playwright = await Playwright.CreateAsync();
        _browser = await HeadlessChromium.LaunchAsync(_playwright);
    }

    internal async Task<IPage> OpenAsync(RunningConsole console, int width = 1280, int height = 800, string? language = null, bool signIn = true, ColorScheme scheme = ColorScheme.Light, string path = "/")
    {
        var context = await _browser.NewContextAsync(new() { IgnoreHTTPSErrors = true, ViewportSize = new() { Width = width, Height = height }, BaseURL = console.Address, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
        context.SetDefaultTimeout(60_000);
        console.CloseAtEnd(context);
        if (language is not null)
            await context.AddCookiesAsync([new() { Name = "__Host-montalegre-language", Value = $"c={language}|uic={language}", Url = console.Address, Secure = true, HttpOnly = true }]);
        var page = await context.NewPageAsync();
        if (!signIn) return page;
        // The form is sent without drawing it: signing in by hand is what SignInTests are for, and costs two pages a test.
        var token = TokenField().Match(await (await context.APIRequest.GetAsync("/sign-in", new() { Timeout = 60_000 })).TextAsync()).Groups[1].Value;
        var form = context.APIRequest.CreateFormData();
        foreach (var (name, value) in new[] { ("__RequestVerificationToken", token), ("userName", "rita"), ("password", FakeWorld.Password) }) form.Append(name, value);
        await context.APIRequest.PostAsync("/sign-in/submit", new() { Form = form, MaxRedirects = 0, Timeout = 60_000 });
        var second = context.APIRequest.CreateFormData();
        second.Append("__RequestVerificationToken", token);
        second.Append("code", FakeWorld.Code);
        await context.APIRequest.PostAsync("/sign-in/code/submit", new() { Form = second, MaxRedirects = 0, Timeout = 60_000 });
        // What every page needs is fetched before the page of the test, by one that asks the broker for nothing: nothing moves under the first click.
        await page.GotoAsync(path == "/" ? path : "/nowhere");
        await page.Locator("main h1").WaitForAsync();
        if (path != "/") await page.GotoAsync(path);
        return page;
    }

    /// <summary>Both steps.</summary>
    internal static async Task SignInAsync(IPage page)
    {
        await PasswordAsync(page);
        await page.Locator("input[name=code]").FillAsync(FakeWorld.Code);
        await page.Locator("button.main").ClickAsync();
    }

    /// <summary>The first step only.</summary>
    internal static async Task PasswordAsync(IPage page, string password = FakeWorld.Password)
    {
        if (!page.Url.Contains("/sign-in", StringComparison.Ordinal)) await page.GotoAsync("/");
        await page.Locator("input[name=userName]").FillAsync("rita");
        await page.Locator("input[name=password]").FillAsync(password);
        await page.Locator("button.main").ClickAsync();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenField();

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
