using Microsoft.Playwright;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Pictures of pages as they are, kept where MONTALEGRE_SCREENSHOTS points.</summary>
internal static class Picture
{
    public static async Task TakeAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is not { Length: > 0 } folder) return;
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png") });
    }
}
