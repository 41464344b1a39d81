using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

public sealed class DeskTests(Chromium chromium)
{
    [Theory]
    [InlineData(320, "en-GB", false)]
    [InlineData(768, "pt-PT", true)]
    [InlineData(1440, "en-GB", true)]
    public async Task A_table_is_filtered_kept_by_name_and_saved_and_a_person_gets_a_note_by_keyboard_alone(int width, string language, bool dark)
    {
        await using var console = await RunningConsole.StartAsync();
        var flow = await Flow.OpenAsync(chromium, console, "table", width, language, dark, "/machines");
        var (page, walk, say) = flow;
        var rows = page.Locator(".toolbar .count");
        await walk.FillAsync(flow.Main.GetByRole(AriaRole.Searchbox), "urb");
        await Expect(rows).ToContainTextAsync("12");
        var used = flow.Main.GetByRole(AriaRole.Link, new() { Name = say.State(Contracts.Admin.V1.MachineState.InUse), Exact = true });
        await Expect(used).ToHaveAttributeAsync("href", new Regex("q=urb"));     // the order of the address depends on it
        await walk.EnterAsync(used);
        await Expect(page).ToHaveURLAsync(new Regex("/machines[?]q=urb&state=used$"));
        await Expect(rows).ToContainTextAsync("3");
        await walk.LookAsync("filtered");

        var export = flow.Button(say.ExportCsv);
        var views = page.Locator("details.views");
        await walk.EnterAsync(views.Locator("summary"));
        await Expect(views.GetByText(say.NoViews)).ToBeVisibleAsync();
        await walk.FillAsync(views.GetByLabel(say.ViewName), "Urbanismo em uso");
        await Expect(views.GetByRole(AriaRole.Button, new() { Name = say.SaveView, Exact = true })).ToBeEnabledAsync();    // Enter sends no form whose button is off
        await walk.PressAsync("Enter");
        await Expect(views.GetByText(say.ViewSaved("Urbanismo em uso"))).ToBeVisibleAsync();
        await walk.LookAsync("views");

        await walk.ToAsync(export);
        var download = await page.RunAndWaitForDownloadAsync(() => walk.PressAsync("Enter"));
        Assert.Matches($"^{say.Machines.ToLowerInvariant()}-[0-9-]{{15}}[.]csv$", download.SuggestedFilename);
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Contains(say.StateWord, lines[0], StringComparison.Ordinal);
        Assert.Equal(["urb-1", "urb-2", "urb-3"], lines[1..].Select(l => l.Split(';', ',')[0].Trim('"')));

        await flow.FindAsync("Control+k", say.Sessions, say.Sessions);
        await flow.FindAsync("Control+k", say.Machines, say.Machines);
        await Expect(page).ToHaveURLAsync(new Regex("/machines$"));
        await Ready.PageAsync(page);
        await walk.EnterAsync(views.Locator("summary"));
        await walk.EnterAsync(views.GetByRole(AriaRole.Link, new() { Name = "Urbanismo em uso" }));
        await Expect(page).ToHaveURLAsync(new Regex("/machines[?]q=urb&state=used$"));
        await Expect(flow.Main.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("urb");
        await Ready.PageAsync(page);
        await walk.EnterAsync(views.Locator("summary"));
        await walk.EnterAsync(views.GetByRole(AriaRole.Button, new() { Name = say.DeleteOf("Urbanismo em uso") }));
        await Expect(views.GetByText(say.NoViews)).ToBeVisibleAsync();
        await walk.LookAsync("no-view");

        await flow.FindAsync("Control+k", "ana.martins", "Ana Martins");
        await Expect(page.GetByText(say.NoNotes)).ToBeVisibleAsync();
        await walk.FillAsync(page.GetByLabel(say.NewNote), "O rato falha; trocado.");
        await walk.EnterAsync(flow.Button(say.AddNote));
        await Expect(page.Locator(".notes li")).ToContainTextAsync("O rato falha; trocado.");
        await Expect(page.Locator(".notes li")).ToContainTextAsync("rita");
        await Expect(page.GetByLabel(say.NewNote)).ToBeFocusedAsync();
        await walk.LookAsync("note");
        walk.Ends();
    }
}
