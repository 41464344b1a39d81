using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Walks the five steps to a new pool with the mouse, in any language.</summary>
internal static class Wizard
{
    /// <summary>Goes on, and waits until that step is there and its title has had the focus: a list that is open would shut at that.</summary>
    public static async Task NextAsync(IPage page, int step)
    {
        await page.Locator("button[form=wizard]").ClickAsync();
        await AtAsync(page, step);
        await Ready.AnsweredAsync(page);
    }

    public static Task AtAsync(IPage page, int step) => Expect(page.Locator("#step-title")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex($"^\\S+ {step} "));

    public static Task CreateAsync(IPage page) => page.Locator("main > .actions .mud-button-filled").ClickAsync();
}
