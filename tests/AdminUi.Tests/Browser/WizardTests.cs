using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>The five steps to a new pool, by keyboard alone. Every step is looked at as <see cref="AccessTests"/> looks at a page.</summary>
public sealed class WizardTests(Chromium chromium)
{
    [Theory]
    [InlineData("pt-PT", ColorScheme.Light)]
    [InlineData("en-GB", ColorScheme.Dark)]
    public async Task A_pool_is_made_in_five_steps_by_keyboard_alone(string language, ColorScheme scheme)
    {
        await using var console = await RunningConsole.StartAsync();
        var say = new Language(new(language));
        var foreign = AccessTests.WordsOnlyIn(language == "pt-PT" ? "en-GB" : "pt-PT", language);
        List<string> found = [];
        var page = await chromium.OpenAsync(console, 1440, 900, language, scheme: scheme, path: "/pools");
        var main = page.GetByRole(AriaRole.Main);
        Task LookAsync(int step) => AccessTests.LookAsync(page, $"/pools/new-{step}", language, foreign, found);
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = say.CreatePool, Exact = true }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Wizard.AtAsync(page, 1);
        await Expect(page.Locator("h1")).ToBeFocusedAsync();

        var name = main.GetByLabel(say.NameWord, new() { Exact = true });
        await TabToAsync(page, name);
        await page.Keyboard.PressAsync("Enter");
        await Expect(main).ToContainTextAsync(say.WrongName);
        await Expect(name).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("Tesouraria");
        await Expect(main).ToContainTextAsync(say.SeenAs("Tesouraria"));
        await LookAsync(1);
        await page.Keyboard.PressAsync("Enter");
        await ArrivedAsync(page, 2);

        // The browser's own way back and forward loses nothing.
        await page.EvaluateAsync("history.back()");
        await ArrivedAsync(page, 1);
        await Expect(name).ToHaveValueAsync("Tesouraria");
        await page.EvaluateAsync("history.forward()");
        await ArrivedAsync(page, 2);
        await TabToAsync(page, main.GetByLabel(say.Cpus));
        await TypeOverAsync(page, "4");
        await Expect(main).ToContainTextAsync(say.EachMachine(4, 2048));
        await TabToAsync(page, main.GetByRole(AriaRole.Switch));
        await page.Keyboard.PressAsync("Space");
        await Expect(main).ToContainTextAsync(say.InstantEffect(true));
        await LookAsync(2);
        await NextAsync(page, say, 3);

        await TabToAsync(page, main.GetByLabel(say.SizeWord));
        await TypeOverAsync(page, "3");
        await TabToAsync(page, main.GetByLabel(say.SpareSetting));
        await page.Keyboard.PressAsync("ArrowDown");
        await Expect(main).ToContainTextAsync(say.SpareEffect(1, 3));
        await TabToAsync(page, main.GetByRole(AriaRole.Checkbox, new() { Name = "anfitriao-b" }));
        await page.Keyboard.PressAsync("Space");
        await Expect(main).ToContainTextAsync(say.PlacementOf(Placement.Breadth) + ".");
        await LookAsync(3);
        await NextAsync(page, say, 4);

        await TabToAsync(page, main.GetByLabel(say.IdleTimeoutWord));
        await TypeOverAsync(page, "30");
        await Expect(main).ToContainTextAsync(say.IdleRule(30));
        await LookAsync(4);
        await NextAsync(page, say, 5);

        await TabToAsync(page, main.GetByRole(AriaRole.Button, new() { Name = say.Back, Exact = true }));
        await page.Keyboard.PressAsync("Enter");
        await ArrivedAsync(page, 4);
        await Expect(main.GetByLabel(say.IdleTimeoutWord)).ToHaveValueAsync("30");
        await NextAsync(page, say, 5);
        var picker = main.GetByRole(AriaRole.Combobox);
        await TabToAsync(page, picker);
        foreach (var (typed, shown) in new[] { ("ana.mar", "Ana Martins"), (console.World.Groups[0].Name[..^1], console.World.Groups[0].Name) })
        {
            await page.Keyboard.TypeAsync(typed);
            await Expect(main.GetByRole(AriaRole.Option).First).ToContainTextAsync(shown);
            await page.Keyboard.PressAsync("Enter");
            await Expect(main.GetByRole(AriaRole.Button, new() { Name = say.TakeOffOf(shown), Exact = true })).ToBeVisibleAsync();
            await Expect(picker).ToHaveValueAsync("");
            await Expect(picker).ToBeFocusedAsync();
        }
        foreach (var line in new[] { say.SeenAs("Tesouraria"), say.FromImage("debian-balcao", 7), say.SpareEffect(1, 3), say.IdleRule(30), say.PersonWillSee("Ana Martins"), say.MakingOrder })
            await Expect(main).ToContainTextAsync(line);
        await LookAsync(5);
        await TabToAsync(page, main.GetByRole(AriaRole.Button, new() { Name = say.CreatePool, Exact = true }));
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Tesouraria");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/pools/pool-Tesouraria$"));
        Assert.Equal(["create-pool Tesouraria Floating 3 img-7 host-1,host-2", "instant Tesouraria True", "entitle ana.martins", "entitle-group " + console.World.Groups[0].Name],
            console.World.Calls.Where(c => c.StartsWith("create-pool", StringComparison.Ordinal) || c.StartsWith("instant", StringComparison.Ordinal) || c.StartsWith("entitle", StringComparison.Ordinal)));
        Assert.Equal(30u, console.World.Pools.Find("pool-Tesouraria")!.SessionRules.IdleMinutes);

        // Who goes back from the pool finds an empty first step, not the last one once more.
        await page.EvaluateAsync("history.back()");
        await Wizard.AtAsync(page, (int)WizardStep.Kind);
        await Expect(name).ToHaveValueAsync("");
        Assert.Empty(found);
    }

    [Fact]
    public async Task A_refusal_is_said_at_its_field_and_a_later_one_with_what_was_made()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, 390, 844, "pt-PT", path: "/pools/new");
        await page.GetByLabel("Nome", new() { Exact = true }).FillAsync("Tesouraria");
        for (var step = 2; step <= 5; step++) await Wizard.NextAsync(page, step);
        foreach (var name in new[] { "ana.martins", "bruno.sequeira" })
        {
            await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Combobox).FillAsync(name);
            await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Option).First.ClickAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Acrescentar à lista" }).ClickAsync();
            await Expect(page.Locator("main .rows")).ToContainTextAsync(name);
        }
        await page.Locator("main > .actions").ScrollIntoViewIfNeededAsync();
        await Picture.TakeAsync(page, "pool-wizard-end-pt-PT-390");

        // Somebody else was faster with the name: the field says so, and everything else is still there.
        var other = console.World.Pools.Find("p-urb")!.Clone();
        (other.PoolId, other.Name) = ("p-other", "Tesouraria");
        console.World.Pools.Put(other);
        await Wizard.CreateAsync(page);
        await Wizard.AtAsync(page, 1);
        var field = page.GetByLabel("Nome", new() { Exact = true });
        await Expect(field).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(field).ToBeFocusedAsync();
        await Picture.TakeAsync(page, "pool-wizard-taken-pt-PT-390");
        await field.FillAsync("Finanças");
        for (var step = 2; step <= 5; step++) await Wizard.NextAsync(page, step);
        await Expect(page.Locator("main .rows li")).ToHaveCountAsync(2);

        console.World.Users.RemoveAll(u => u.UserName == "ana.martins");
        await Wizard.CreateAsync(page);
        await Expect(page.Locator("main [role=alert]")).ToContainTextAsync("O conjunto Finanças foi criado, mas nem tudo ficou feito.");
        List<string> found = [];
        await AccessTests.LookAsync(page, "/pools/new-partly", "pt-PT", AccessTests.WordsOnlyIn("en-GB", "pt-PT"), found);
        Assert.Empty(found);
        await page.GetByRole(AriaRole.Button, new() { Name = "Abrir o conjunto" }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Finanças");
        await Expect(page.Locator("main")).ToContainTextAsync("Bruno Sequeira");
        Assert.Single(console.World.Calls, c => c.StartsWith("create-pool", StringComparison.Ordinal));
    }

    private static async Task NextAsync(IPage page, Language say, int step)
    {
        await TabToAsync(page, page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = say.NextStep, Exact = true }));
        await page.Keyboard.PressAsync("Enter");
        await ArrivedAsync(page, step);
    }

    // The focus is on the title of the step, so that a reader hears where he is.
    private static async Task ArrivedAsync(IPage page, int step)
    {
        await Wizard.AtAsync(page, step);
        await Expect(page.Locator("#step-title")).ToBeFocusedAsync();
        await Expect(page.Locator(".steps [aria-current=step]")).ToContainTextAsync($"{step}");
    }

    private static async Task TabToAsync(IPage page, ILocator target)
    {
        for (var pressed = 0; pressed < 80; pressed++)
        {
            if (await target.EvaluateAsync<bool>("e => e === document.activeElement")) return;
            await page.Keyboard.PressAsync("Tab");
        }
        Assert.Fail($"The keyboard does not reach {target}.");
    }

    private static async Task TypeOverAsync(IPage page, string text)
    {
        await page.Keyboard.PressAsync("Control+A");
        await page.Keyboard.TypeAsync(text);
    }
}
