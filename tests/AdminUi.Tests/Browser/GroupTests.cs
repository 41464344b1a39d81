using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>A group from its first member to its end, and what it gives.</summary>
public sealed class GroupTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task A_group_is_made_filled_entitled_limited_and_deleted(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 800, language, path: "/groups");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Picture.TakeAsync(page, $"groups-{language}-{width}");

        await Button(page, say.CreateGroup).ClickAsync();
        await dialog.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Fiscais");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Create, Exact = true }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Fiscais");
        await Expect(page.GetByText(say.NoMembers)).ToBeVisibleAsync();
        await Ready.PageAsync(page);

        // Found without its accent, chosen and added by keyboard alone.
        var person = page.GetByRole(AriaRole.Combobox, new() { Name = say.PersonWord, Exact = true });
        await person.FillAsync("ines");
        await Expect(page.GetByRole(AriaRole.Option)).ToContainTextAsync("Inês Barros");
        await Picture.TakeAsync(page, $"group-picker-{language}-{width}");
        await person.PressAsync("Enter");
        await Expect(person).ToHaveValueAsync("Inês Barros");
        await Expect(person).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = say.RemoveMemberOf("ines.barros") })).ToBeVisibleAsync();
        await Expect(person).ToHaveValueAsync("");

        await Button(page, say.ChangeGroup).ClickAsync();
        await dialog.GetByRole(AriaRole.Spinbutton).FillAsync("4");
        await Expect(dialog).ToContainTextAsync(say.GroupQuotaEffect(0, 4));
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(page.Locator(".states")).ToContainTextAsync($"{say.GroupQuotaWord}: 4");
        Assert.Contains(console.World.Calls, c => c == """update-group { "groupId": "g-Fiscais", "mostSessions": 4 }""");

        await page.GotoAsync("/pools/p-urb");
        await Ready.PageAsync(page);
        var either = page.GetByRole(AriaRole.Combobox, new() { Name = say.PersonOrGroup, Exact = true });
        await either.FillAsync("fisc");
        await page.GetByRole(AriaRole.Option).ClickAsync();
        await Button(page, say.Entitle).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Fiscais", Exact = true })).ToBeVisibleAsync();
        await Button(page, say.ChangeRules).ClickAsync();
        await dialog.GetByLabel(say.RightLostWord).SelectOptionAsync(new SelectOptionValue { Label = say.RightLostOf(RightLost.LogOff) });
        await Expect(dialog).ToContainTextAsync($"{say.RightLostWord}: {say.RightLostOf(RightLost.LogOff)}.");
        await Picture.TakeAsync(page, $"right-lost-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        Assert.Contains(console.World.Calls, c => c == """rules { "rightLost": "RIGHT_LOST_LOG_OFF" }""");
        await page.GotoAsync("/users/ines.barros");
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Fiscais", Exact = true }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Urbanismo", Exact = true })).ToBeVisibleAsync();
        await Picture.TakeAsync(page, $"group-page-{language}-{width}");
        await Button(page, say.DeleteGroup).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.DeleteGroupMembers(1));
        await Expect(dialog).ToContainTextAsync(say.DeleteGroupPools(1, ["Urbanismo"]));
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.DeleteGroup, Exact = true }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync(say.GroupsWord);
        Assert.DoesNotContain(console.World.Groups, g => g.Name == "Fiscais");
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
