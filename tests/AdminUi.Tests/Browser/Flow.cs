using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Flows;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>A main flow of IT in one combination of width, language and colours (docs/flows.md), and who walks it.</summary>
internal sealed record Flow(IPage Page, KeyboardWalk Walk, Language Say)
{
    public ILocator Main => Page.GetByRole(AriaRole.Main);

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    public ILocator Said => Page.Locator(".mud-snackbar").Last;

    public static async Task<Flow> OpenAsync(Chromium chromium, RunningConsole console, string name, int width, string language, bool dark, string path)
    {
        var page = await chromium.OpenAsync(console, width, width < 700 ? 700 : 900, language, scheme: dark ? ColorScheme.Dark : ColorScheme.Light);
        // Colours that are still changing say nothing about where the focus is.
        await page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        await page.GotoAsync(path);
        await Ready.PageAsync(page);
        var foreign = AccessTests.WordsOnlyIn(language == "pt-PT" ? "en-GB" : "pt-PT", language);
        return new(page, new(page, $"{name}-{width}-{language}", language, foreign) { OnePage = true }, new(new(language)));
    }

    public ILocator Button(string name) => Main.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Asked(string name) => Dialog.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>Goes to the search and takes the first match. A page that has just come may still take the focus to its title; then the keys are pressed again. The page found has done so at the end.</summary>
    public async Task FindAsync(string key, string words, string title)
    {
        for (var i = 0; i < 1000 && !await Page.EvaluateAsync<bool>("document.activeElement?.id === 'find'"); i++) await Walk.PressAsync(key);
        await Walk.TypeAsync(words);
        await Assertions.Expect(Page.Locator("#found").GetByRole(AriaRole.Option).First).ToContainTextAsync(title);
        await Walk.PressAsync("Enter");
        await Assertions.Expect(Page.Locator("h1")).ToHaveTextAsync(title);
        await Ready.AnsweredAsync(Page);
    }
}
