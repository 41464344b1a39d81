using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Broker.Tests.Identity;

/// <summary>A further way in, as portal and console offer it beside the password.</summary>
internal static class SignInButton
{
    /// <summary>Both sign-in pages have it, large enough for a finger, and fit the screen. Keeps a picture of each in <paramref name="pictures"/>.</summary>
    public static async Task LooksRightAsync(IPage page, string portal, string console, string language, int width, string words, string pictures)
    {
        foreach (var (name, face) in new[] { ("portal", portal), ("console", console) })
        {
            await page.GotoAsync($"{face}/sign-in");
            // The console speaks Portuguese until somebody chooses.
            if (name == "console" && language == "en") await page.Locator("button[name=language][value=en-GB]").ClickAsync();
            var button = page.GetByRole(AriaRole.Link, new() { Name = words });
            await Expect(button).ToBeVisibleAsync();
            await page.WaitForLoadStateAsync();   // of the page in the chosen language, with its styles
            Assert.True((await button.BoundingBoxAsync())!.Height >= 44);
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
            await page.ScreenshotAsync(new() { Path = Path.Combine(pictures, $"{name}-{language}-{width}.png"), FullPage = true });
        }
        await page.Context.CloseAsync();
    }
}
