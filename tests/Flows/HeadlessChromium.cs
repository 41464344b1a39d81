using Microsoft.Playwright;

namespace Montalegre.Vdi.Flows;

/// <summary>The distribution's Chromium as the program that has no windows: the same engine without the browser's own pages, for two thirds of the work.</summary>
internal static class HeadlessChromium
{
    /// <summary>The whole browser, for what that program does not do.</summary>
    public const string Whole = "/usr/bin/chromium";

    /// <summary>The engine alone.</summary>
    public const string WithoutWindows = "/usr/bin/chromium-headless-shell";

    /// <param name="playwright">Drives it.</param>
    /// <param name="program">Which of the two.</param>
    /// <param name="flags">Beyond those that keep it on this machine.</param>
    public static Task<IBrowser> LaunchAsync(IPlaywright playwright, string program = WithoutWindows, params string[] flags) => playwright.Chromium.LaunchAsync(new()
    {
        ExecutablePath = program,
        Timeout = 180_000,
        Args = [.. flags, "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
}
