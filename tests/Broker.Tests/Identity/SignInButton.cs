using Microsoft.Playwright;
using Montalegre.Vdi.Flows;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Broker.Tests.Identity;

/// <summary>A further way in, as portal and console offer it beside the password.</summary>
internal static class SignInButton
{
    /// <summary>Both sign-in pages have it, large enough for a finger, and fit the screen. The pictures of each are called after <paramref name="kind"/>.</summary>
    public static async Task LooksRightAsync(IPage page, string portal, string console, string language, int width, string words, string kind)
    {
        foreach (var (name, face) in new[] { ("portal", portal), ("console", console) })
        {
            var button = page.GetByRole(AriaRole.Link, new() { Name = words });
            await page.GotoAsync($"{face}/sign-in");
            // The console speaks Portuguese until somebody chooses.
            if (name == "console" && language == "en")
            {
                await page.Locator("button[name=language][value=en-GB]").ClickAsync();
                await Expect(page.Locator("html[lang^=en]")).ToHaveCountAsync(1);
            }
            await page.WaitForLoadStateAsync();   // of the page in the chosen language, with its styles
            // A page that was drawn while the broker stood still has only the password.
            await Storage.Eventually.IsTrueAsync(async () =>
            {
                if (await button.CountAsync() == 1) return true;
                await page.ReloadAsync();
                return false;
            }, $"{face} offers {words}");
            await Expect(button).ToBeVisibleAsync();
            Assert.True((await button.BoundingBoxAsync())!.Height >= 44);
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
            await Pictures.TakeAsync(page, $"{kind}-{name}-{language}-{width}", always: false, wholePage: true);
        }
        await page.Context.CloseAsync();
    }
}
