using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>The five steps to a new pool, and a change of it, by keyboard alone.</summary>
public sealed class WizardTests(Chromium chromium)
{
    [Theory]
    [InlineData(320, "en-GB", true)]
    [InlineData(768, "pt-PT", false)]
    [InlineData(1440, "en-GB", false)]
    public async Task A_pool_is_made_in_five_steps_and_changed_by_keyboard_alone(int width, string language, bool dark)
    {
        await using var console = await RunningConsole.StartAsync();
        var flow = await Flow.OpenAsync(chromium, console, "pool", width, language, dark, "/pools");
        var (page, walk, say) = flow;
        var main = flow.Main;
        await walk.EnterAsync(page.GetByRole(AriaRole.Link, new() { Name = say.CreatePool, Exact = true }));
        await Wizard.AtAsync(page, 1);
        await Expect(page.Locator("h1")).ToBeFocusedAsync();

        var name = main.GetByLabel(say.NameWord, new() { Exact = true });
        await walk.EnterAsync(name);
        await Expect(main).ToContainTextAsync(say.WrongName);
        await Expect(name).ToBeFocusedAsync();
        await walk.TypeAsync("Tesouraria");
        await Expect(main).ToContainTextAsync(say.SeenAs("Tesouraria"));
        await walk.LookAsync("1");
        await walk.PressAsync("Enter");
        await ArrivedAsync(page, 2);

        // The browser's own way back and forward loses nothing.
        await page.EvaluateAsync("history.back()");
        await ArrivedAsync(page, 1);
        await Expect(name).ToHaveValueAsync("Tesouraria");
        await page.EvaluateAsync("history.forward()");
        await ArrivedAsync(page, 2);
        await walk.FillAsync(main.GetByLabel(say.Cpus), "4");
        await Expect(main).ToContainTextAsync(say.EachMachine(4, 2048));
        await walk.SpaceAsync(main.GetByRole(AriaRole.Switch));
        await Expect(main).ToContainTextAsync(say.InstantEffect(true));
        await walk.LookAsync("2");
        await NextAsync(flow, 3);

        await walk.FillAsync(main.GetByLabel(say.SizeWord), "3");
        await walk.ToAsync(main.GetByLabel(say.SpareSetting));
        await walk.PressAsync("ArrowDown");
        await Expect(main).ToContainTextAsync(say.SpareEffect(1, 3));
        await walk.SpaceAsync(main.GetByRole(AriaRole.Checkbox, new() { Name = "anfitriao-b" }));
        await Expect(main).ToContainTextAsync(say.PlacementOf(Placement.Breadth) + ".");
        await walk.LookAsync("3");
        await NextAsync(flow, 4);

        await walk.FillAsync(main.GetByLabel(say.IdleTimeoutWord), "30");
        await Expect(main).ToContainTextAsync(say.IdleRule(30));
        await walk.LookAsync("4");
        await NextAsync(flow, 5);

        await walk.EnterAsync(flow.Button(say.Back));
        await ArrivedAsync(page, 4);
        await Expect(main.GetByLabel(say.IdleTimeoutWord)).ToHaveValueAsync("30");
        await NextAsync(flow, 5);
        var picker = main.GetByRole(AriaRole.Combobox);
        await walk.ToAsync(picker);
        foreach (var (typed, shown) in new[] { ("ana.mar", "Ana Martins"), (console.World.Groups[0].Name[..^1], console.World.Groups[0].Name) })
        {
            await walk.TypeAsync(typed);
            await Expect(main.GetByRole(AriaRole.Option).First).ToContainTextAsync(shown);
            await walk.PressAsync("Enter");
            await Expect(flow.Button(say.TakeOffOf(shown))).ToBeVisibleAsync();
            await Expect(picker).ToHaveValueAsync("");
            await Expect(picker).ToBeFocusedAsync();
        }
        foreach (var line in new[] { say.SeenAs("Tesouraria"), say.FromImage("debian-balcao", 7), say.SpareEffect(1, 3), say.IdleRule(30), say.PersonWillSee("Ana Martins"), say.MakingOrder })
            await Expect(main).ToContainTextAsync(line);
        await walk.LookAsync("5");
        await walk.EnterAsync(flow.Button(say.CreatePool));
        await Expect(page.Locator("h1")).ToHaveTextAsync("Tesouraria");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/pools/pool-Tesouraria$"));
        await Ready.AnsweredAsync(page);
        Assert.Equal(["create-pool Tesouraria Floating 3 img-7 host-1,host-2", "instant Tesouraria True", "entitle ana.martins", "entitle-group " + console.World.Groups[0].Name],
            console.World.Calls.Where(c => c.StartsWith("create-pool", StringComparison.Ordinal) || c.StartsWith("instant", StringComparison.Ordinal) || c.StartsWith("entitle", StringComparison.Ordinal)));
        Assert.Equal(30u, console.World.Pools.Find("pool-Tesouraria")!.SessionRules.IdleMinutes);
        await walk.LookAsync("made");

        // A change says what it will do before it is saved, and the focus comes back to where it was asked for.
        await walk.EnterAsync(flow.Button(say.ChangeSize));
        await walk.FillAsync(flow.Dialog.GetByLabel(say.SizeWord), "5");
        await Expect(flow.Dialog).ToContainTextAsync(say.SpareEffect(1, 5));
        await walk.LookAsync("change");
        await walk.EnterAsync(flow.Asked(say.ChangeSize));
        await Expect(flow.Said).ToContainTextAsync(say.SizeChanged("Tesouraria", 5));
        await Expect(flow.Button(say.ChangeSize)).ToBeFocusedAsync();
        Assert.Contains("update-pool Tesouraria size=5 enabled=True", console.World.Calls);

        // Who goes back from the pool finds an empty first step, not the last one once more.
        await page.EvaluateAsync("history.back()");
        await Wizard.AtAsync(page, (int)WizardStep.Kind);
        await Expect(name).ToHaveValueAsync("");
        walk.Ends();
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

    private static async Task NextAsync(Flow flow, int step)
    {
        await flow.Walk.EnterAsync(flow.Button(flow.Say.NextStep));
        await ArrivedAsync(flow.Page, step);
    }

    // The focus is on the title of the step, so that a reader hears where he is.
    private static async Task ArrivedAsync(IPage page, int step)
    {
        await Wizard.AtAsync(page, step);
        await Expect(page.Locator("#step-title")).ToBeFocusedAsync();
        await Expect(page.Locator(".steps [aria-current=step]")).ToContainTextAsync($"{step}");
    }
}
