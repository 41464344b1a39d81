using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>What the wizard knows before a pool exists: who would have waited, and what was typed before the page was loaded anew.</summary>
public sealed class DraftTests(Chromium chromium)
{
    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task A_draft_outlives_its_page_and_is_simulated_with_others_arrivals(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var say = new Language(new(language));
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/pools/new");
        var main = page.GetByRole(AriaRole.Main);
        await Wizard.AtAsync(page, 1);
        await main.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Tesouraria");
        for (var step = 2; step <= 3; step++) await Wizard.NextAsync(page, step);
        await main.GetByLabel(say.SizeWord).FillAsync("3");

        await main.GetByRole(AriaRole.Button, new() { Name = say.WhatIfAsk }).PressAsync("Enter");
        await Expect(main).ToContainTextAsync(say.WhatIfWhose(71, 3, ""));
        await Expect(main).ToContainTextAsync(say.WhatIfWaited(9, 214, say.Span(TimeSpan.FromSeconds(1210))));
        await main.GetByLabel(say.WhatIfArrivals).SelectOptionAsync("p-urb");
        await Expect(main).Not.ToContainTextAsync(say.WhatIfWhose(71, 3, ""));
        await main.GetByRole(AriaRole.Button, new() { Name = say.WhatIfAsk }).PressAsync("Enter");
        await Expect(main).ToContainTextAsync(say.WhatIfWhose(48, 1, "Urbanismo"));
        Assert.Equal(["what-if-new Floating 3 ", "what-if-new Floating 3 p-urb"], console.World.Calls.Where(c => c.StartsWith("what-if-new", StringComparison.Ordinal)));
        await main.GetByLabel(say.WhatIfArrivals).ScrollIntoViewIfNeededAsync();
        await Picture.TakeAsync(page, $"wizard-what-if-{language}-{width}");
        for (var step = 4; step <= 5; step++) await Wizard.NextAsync(page, step);
        await main.GetByRole(AriaRole.Combobox).FillAsync("ana.martins");
        await main.GetByRole(AriaRole.Option).First.ClickAsync();
        await main.GetByRole(AriaRole.Button, new() { Name = say.AddToList }).ClickAsync();
        await Expect(main.Locator(".rows")).ToContainTextAsync("ana.martins");

        await Ready.AnsweredAsync(page);     // the tab is given the draft after it is drawn
        await page.ReloadAsync();
        await Wizard.AtAsync(page, 5);
        await Expect(main).ToContainTextAsync(say.DraftRestored);
        await Expect(main.Locator(".rows")).ToContainTextAsync("ana.martins");
        await Expect(main).ToContainTextAsync(say.SeenAs("Tesouraria"));
        await Picture.TakeAsync(page, $"wizard-restored-{language}-{width}");
        // The tab keeps it sealed.
        Assert.DoesNotContain("Tesouraria", await page.EvaluateAsync<string>("JSON.stringify(sessionStorage)"), StringComparison.Ordinal);
        await main.GetByRole(AriaRole.Link, new() { Name = say.ChangeStepOf(say.StepName(AdminUi.Pages.Pools.Wizard.WizardStep.Size)) }).ClickAsync();
        await Wizard.AtAsync(page, 3);
        await Expect(main.GetByLabel(say.SizeWord)).ToHaveValueAsync("3");
        await Ready.AnsweredAsync(page);

        await main.GetByRole(AriaRole.Button, new() { Name = say.StartAnew }).PressAsync("Enter");
        await Ready.DialogAsync(page);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = say.StartAnew }).PressAsync("Enter");
        await Wizard.AtAsync(page, 1);
        await Expect(main.GetByLabel(say.NameWord, new() { Exact = true })).ToHaveValueAsync("");
        await page.ReloadAsync();
        await Wizard.AtAsync(page, 1);
        await Expect(main.GetByLabel(say.NameWord, new() { Exact = true })).ToHaveValueAsync("");
        await Expect(main).Not.ToContainTextAsync(say.DraftRestored);
    }
}
