using Microsoft.Playwright;
using Montalegre.Vdi.Flows;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>One real Chromium for the tests of this assembly: the distribution's, never a downloaded one.</summary>
public class Browser : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    private protected virtual string Program => HeadlessChromium.WithoutWindows;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        // The service worker is fetched by the browser itself, which asks no context whether a certificate will do.
        _browser = await HeadlessChromium.LaunchAsync(_playwright, Program, "--ignore-certificate-errors", "--use-fake-device-for-media-stream");
    }

    public async Task<IPage> OpenAsync(Uri address, int width = 1280, int height = 800, bool script = true, string language = "pt-PT", bool dark = false, bool touch = false)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address.ToString(),
            IgnoreHTTPSErrors = true,
            JavaScriptEnabled = script,
            Locale = language,
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            HasTouch = touch,
            DeviceScaleFactor = touch ? 2 : 1,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            Permissions = ["clipboard-read", "clipboard-write"],
        });
        context.SetDefaultTimeout(60_000);
        Assertions.SetDefaultExpectTimeout(60_000);
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The same with windows and devices: only the whole browser has a microphone.</summary>
public sealed class WholeBrowser : Browser
{
    private protected override string Program => HeadlessChromium.Whole;
}
