using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>One action on many rows: what it touches is said before, and how it ended for each row after.</summary>
public sealed class BulkTests(Chromium chromium)
{
    [Theory]
    [InlineData(320, "pt-PT", true)]
    [InlineData(1440, "en-GB", false)]
    public async Task Machines_are_drained_together_and_each_refusal_is_named_by_keyboard_alone(int width, string language, bool dark)
    {
        await using var console = await RunningConsole.StartAsync();
        var flow = await Flow.OpenAsync(chromium, console, "bulk", width, language, dark, "/machines?q=urb");
        var (page, walk, say) = flow;
        var dialog = page.GetByRole(AriaRole.Dialog);
        await walk.EnterAsync(flow.Button(say.ChooseRows));
        await walk.SpaceAsync(flow.Main.GetByRole(AriaRole.Checkbox, new() { Name = say.ChooseRow("urb-1"), Exact = true }));
        await Expect(page.Locator(".bulk .num")).ToHaveTextAsync(say.RowsChosen(1));
        await walk.EnterAsync(flow.Button(say.ChooseAll(12)));
        await Expect(page.Locator(".bulk .num")).ToHaveTextAsync(say.RowsChosen(12));
        await walk.LookAsync("chosen");

        // One is drained already, one goes before its turn comes: neither is lost in a sum.
        console.World.Machines.Put(With(console.World.Machines.Find("m-urb-2")!, m => m.Draining = true));
        await Ready.ThatAsync(() => console.World.Machines.Find("m-urb-2")!.Draining, "drained");
        console.World.RefusedMachines["m-urb-3"] = ReasonCode.MachineRunning;
        await Expect(flow.Main.GetByRole(AriaRole.Row).Filter(new() { HasText = "urb-2" })).ToContainTextAsync(say.DrainingWord);
        await walk.EnterAsync(flow.Button(say.Drain));
        await Expect(dialog).ToContainTextAsync(say.BulkTitle(say.Drain, 11));
        await Expect(dialog).ToContainTextAsync(say.BulkLeft(1));
        await walk.LookAsync("asked");
        await walk.EnterAsync(flow.Asked(say.Drain));
        await Expect(dialog.GetByRole(AriaRole.Status)).ToContainTextAsync(say.BulkState(10, 1, 11));
        await Expect(dialog.Locator(".refusals li")).ToContainTextAsync("urb-3");
        await walk.LookAsync("result");
        await walk.EnterAsync(dialog.GetByRole(AriaRole.Button, new() { Name = say.Close, Exact = true }));
        await Expect(dialog).ToHaveCountAsync(0);
        Assert.Equal(10, console.World.Calls.Count(c => c.StartsWith("drain urb-", StringComparison.Ordinal)));

        // What is filtered away is chosen no more.
        await walk.FillAsync(flow.Main.GetByRole(AriaRole.Searchbox), "urb-12");
        await Expect(page.Locator(".bulk .num")).ToHaveTextAsync(say.RowsChosen(1));
        walk.Ends();
    }

    [Fact]
    public async Task A_message_goes_to_every_chosen_session_and_a_reader_chooses_nothing()
    {
        await using var console = await RunningConsole.StartAsync();
        var say = new Language(new("en-GB"));
        var page = await chromium.OpenAsync(console, 1440, 900, "en-GB", path: "/sessions");
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = say.ChooseRows }).ClickAsync();
        var boxes = page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Checkbox);
        for (var n = 0; n < 2; n++) await boxes.Nth(n).CheckAsync();
        await Expect(page.Locator(".bulk .num")).ToHaveTextAsync(say.RowsChosen(2));
        await page.GetByRole(AriaRole.Button, new() { Name = say.SendMessage }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync(say.MessageTo(say.SessionsNumber(2)));
        await dialog.GetByLabel(say.MessageText).FillAsync("Back in ten minutes.");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Send }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.SendMessage }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Status)).ToContainTextAsync(say.BulkState(2, 0, 2));
        Assert.Equal(2, console.World.Calls.Count(c => c.StartsWith("message 'Back in ten minutes.' to", StringComparison.Ordinal)));

        console.World.Grants[0].Role = "read_only";
        await page.ReloadAsync();
        await Ready.PageAsync(page);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = say.ChooseRows })).ToHaveCountAsync(0);
    }

    private static Machine With(Machine machine, Action<Machine> change)
    {
        var changed = machine.Clone();
        change(changed);
        return changed;
    }
}
