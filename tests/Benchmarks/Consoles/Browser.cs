using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Montalegre.Vdi.Benchmarks.Consoles;

/// <summary>The distribution's Chromium, whose pages keep one sign-in.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Browser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = Flags }));
    }

    /// <summary>A profile with nothing in its cache, signed in as <paramref name="signedIn"/> says.</summary>
    public async Task<IBrowserContext> ProfileAsync(string address, string? signedIn = null)
    {
        var context = await _browser.NewContextAsync(new() { BaseURL = address, IgnoreHTTPSErrors = true, Locale = "pt-PT", ViewportSize = new() { Width = 1440, Height = 900 }, StorageState = signedIn });
        context.SetDefaultTimeout(60_000);
        return context;
    }

    /// <summary>Signs an employee in at the portal and answers what a browser keeps of that.</summary>
    public async Task<string> SignInAsync(string portal, string userName, string password)
    {
        await using var profile = await ProfileAsync(portal);
        var page = await profile.NewPageAsync();
        await page.GotoAsync("/sign-in");
        await page.Locator("#user").FillAsync(userName);
        await page.Locator("#password").FillAsync(password);
        await page.Locator(".fields .primary").ClickAsync();
        await page.Locator(".desktop").First.WaitForAsync();
        return await profile.StorageStateAsync();
    }

    /// <summary>Signs an administrator in at the console, with a recovery code as the second step.</summary>
    public async Task<string> SignInAsync(string console, string userName, string password, string recoveryCode)
    {
        await using var profile = await ProfileAsync(console);
        var page = await profile.NewPageAsync();
        await page.GotoAsync("/sign-in");
        await page.Locator("input[name=userName]").FillAsync(userName);
        await page.Locator("input[name=password]").FillAsync(password);
        await page.Locator("button.main").ClickAsync();
        await page.Locator("a[href*=recovery]").ClickAsync();
        await page.Locator("input[name=code]").FillAsync(recoveryCode);
        await page.Locator("button.main").ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex(Regex.Escape(console) + "/$"), new() { Timeout = 60_000 });
        return await profile.StorageStateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
