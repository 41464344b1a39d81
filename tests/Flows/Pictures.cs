using Microsoft.Playwright;

namespace Montalegre.Vdi.Flows;

/// <summary>Pictures of pages as they are. Those of every page are always kept beside the test's own files; all others where MONTALEGRE_SCREENSHOTS or MONTALEGRE_SHOTS points.</summary>
internal static class Pictures
{
    private const int MostTries = 5;
    private static readonly string? Asked = (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") ?? Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS")) is { Length: > 0 } folder ? Directory.CreateDirectory(folder).FullName : null;
    private static readonly Lazy<string> Kept = new(() => Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "TestResults", "pictures")).FullName);

    public static async Task TakeAsync(IPage page, string name, bool always, bool wholePage = false)
    {
        if (Asked is null && !always) return;
        for (var triesLeft = MostTries - 1; ; triesLeft--)
        {
            try
            {
                await page.ScreenshotAsync(new() { Path = Path.Combine(Asked ?? Kept.Value, name + ".png"), FullPage = wholePage });
                return;
            }
            catch (PlaywrightException e) when (triesLeft > 0 && e.Message.Contains("Unable to capture screenshot", StringComparison.Ordinal))
            {
                // Chromium gives up when its drawing process stands still for some seconds; the page itself is there.
                await page.BringToFrontAsync();
            }
        }
    }
}
