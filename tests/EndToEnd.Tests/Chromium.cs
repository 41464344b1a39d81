using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>The distribution's Chromium, as people and IT use it here.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
    private readonly IPlaywright _playwright;

    private Chromium(IPlaywright playwright, IBrowser browser) => (_playwright, Browser) = (playwright, browser);

    public IBrowser Browser { get; }

    public static async Task<Chromium> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout(120_000);
        var playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = Flags, Timeout = 120_000 }));
    }

    /// <summary>A page of a profile of its own, in Portuguese, on a desk's screen.</summary>
    public async Task<IPage> OpenAsync(string address)
    {
        var context = await Browser.NewContextAsync(new() { BaseURL = address, IgnoreHTTPSErrors = true, Locale = "pt-PT", ViewportSize = new() { Width = 1280, Height = 800 } });
        context.SetDefaultTimeout(120_000);
        return await context.NewPageAsync();
    }

    /// <summary>The console with the first administrator signed in, at a path.</summary>
    public async Task<IPage> OpenConsoleAsync(string address, Administrator administrator, string path)
    {
        var console = await OpenAsync(address);
        await console.GotoAsync($"/sign-in?return={Uri.EscapeDataString(path)}");
        await console.Locator("input[name=userName]").FillAsync(Administrator.UserName);
        await console.Locator("input[name=password]").FillAsync(Administrator.Password);
        await console.Locator("button.main").ClickAsync();
        await console.Locator("a[href*=recovery]").ClickAsync();
        await console.Locator("input[name=code]").FillAsync(administrator.Authenticator.NextCode());
        await console.Locator("button.main").ClickAsync();
        await Assertions.Expect(console).ToHaveURLAsync(new Regex(Regex.Escape(path) + "$"), new() { Timeout = 60_000 });
        await console.Locator("main h1").WaitForAsync();
        return console;
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        _playwright.Dispose();
    }
}
