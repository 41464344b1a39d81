using Microsoft.Playwright;

namespace Montalegre.Vdi.Flows;

/// <summary>The distribution's Chromium as the program that has no windows: the same engine without the browser's own pages, for two thirds of the work.</summary>
internal static class HeadlessChromium
{
    /// <param name="playwright">Drives it.</param>
    /// <param name="flags">Beyond those that keep it on this machine.</param>
    public static Task<IBrowser> LaunchAsync(IPlaywright playwright, params string[] flags) => playwright.Chromium.LaunchAsync(new()
    {
        ExecutablePath = "/usr/bin/chromium-headless-shell",
        Args = [.. flags, "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
}
