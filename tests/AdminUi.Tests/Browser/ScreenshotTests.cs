using Microsoft.Playwright;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Every page, drawn for a desktop and a phone; pictures are kept where MONTALEGRE_SCREENSHOTS points.</summary>
public sealed class ScreenshotTests(Chromium chromium)
{
    public static readonly (string Name, string Path)[] Pages =
    [
        ("dashboard", "/"), ("sessions", "/sessions"), ("session", "/sessions/s-balcao-1"), ("machines", "/machines"), ("machine", "/machines/m-balcao-1"),
        ("pools", "/pools"), ("pool", "/pools/p-balcao"), ("users", "/users"), ("user", "/users/ana.martins"), ("audit", "/audit"), ("hosts", "/hosts"), ("host", "/hosts/host-1"),
        ("images", "/images"), ("image", "/images/img-7"), ("gateways", "/gateways"), ("manual-pool", "/pools/p-man"),
    ];

    [Theory]
    [InlineData(1440, 900, "pt-PT", ColorScheme.Light)]
    [InlineData(1440, 900, "en-GB", ColorScheme.Dark)]
    [InlineData(390, 844, "pt-PT", ColorScheme.Dark)]
    [InlineData(320, 700, "en-GB", ColorScheme.Light)]
    [InlineData(320, 700, "pt-PT", ColorScheme.Light)]
    public async Task Every_page_is_drawn_without_error_and_without_sideways_scroll(int width, int height, string language, ColorScheme scheme)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, height, language, signIn: false, scheme: scheme);
        var kind = $"{language}-{width}";
        List<string> errors = [];
        page.Console += (_, message) => { if (message.Type == "error") errors.Add(message.Text); };
        page.PageError += (_, error) => errors.Add(error);
        await page.GotoAsync("/set-up");
        await SaveAsync(page, $"{kind}-set-up");
        await page.GotoAsync("/");
        await SaveAsync(page, $"{kind}-sign-in");
        await Chromium.SignInAsync(page);
        foreach (var (name, path) in Pages)
        {
            await page.GotoAsync(path);
            try { await Ready.PageAsync(page); }
            catch (TimeoutException) { errors.Add(path + " is not ready: " + await page.Locator("main").InnerTextAsync()); }
            await SaveAsync(page, $"{kind}-{name}");
            var overflow = await page.EvaluateAsync<int>("Math.max(document.documentElement.scrollWidth - document.documentElement.clientWidth, document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth)");
            if (overflow > 0) errors.Add($"{path} is {overflow} px too wide at {width}");
        }
        Assert.Empty(errors);
    }

    private static async Task SaveAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }
}
