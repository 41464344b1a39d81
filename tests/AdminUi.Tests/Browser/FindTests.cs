using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

public sealed class FindTests(Chromium chromium)
{
    [Theory]
    [InlineData(320, "pt-PT", true)]
    [InlineData(768, "en-GB", false)]
    [InlineData(1440, "pt-PT", false)]
    public async Task A_person_is_found_by_keyboard_gets_a_message_and_is_logged_off_in_two_presses(int width, string language, bool dark)
    {
        await using var console = await RunningConsole.StartAsync();
        // The dashboard has heard the live lists; the audit log alone asks for none of them before somebody types.
        var flow = await Flow.OpenAsync(chromium, console, "person", width, language, dark, "/audit");
        var (page, walk, say) = flow;
        await flow.FindAsync("/", "ines", "Inês Barros");    // found without its accent
        await Ready.PageAsync(page);
        await walk.LookAsync("person");

        await walk.EnterAsync(flow.Button(say.SendMessage));
        await walk.FillAsync(flow.Dialog.GetByLabel(say.MessageText), "Reiniciamos às 18:00.");
        await walk.LookAsync("message");
        await walk.EnterAsync(flow.Asked(say.Send));
        await Expect(flow.Said).ToContainTextAsync(say.MessageDone("Inês Barros"));
        Assert.Contains("message 'Reiniciamos às 18:00.' to ines.barros", console.World.Calls);

        await walk.EnterAsync(flow.Button(say.LogOff));
        await Expect(flow.Asked(say.Cancel)).ToBeFocusedAsync();
        await walk.LookAsync("log-off");
        await walk.EnterAsync(flow.Asked(say.LogOff));
        await Expect(flow.Said).ToContainTextAsync(say.LogOffDone("Inês Barros"));
        Assert.Contains("log-off ines.barros", console.World.Calls);
        walk.Ends();
    }

    [Fact]
    public async Task The_slash_is_a_letter_in_a_field_and_another_person_replaces_the_page()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, path: "/users/ana.martins");
        await Ready.PageAsync(page);
        await page.Locator("#find").FillAsync("bruno");
        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("#find")).ToHaveValueAsync("bruno/");
        await Expect(page.GetByRole(AriaRole.Option)).ToHaveTextAsync("Nada encontrado.");
        await page.Keyboard.PressAsync("Backspace");
        await page.GetByRole(AriaRole.Option).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Bruno Sequeira");
    }

    [Theory]
    [InlineData("pt-PT")]
    [InlineData("en-GB")]
    public async Task The_palette_goes_anywhere_and_does_what_the_page_offers_by_keyboard_alone(string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var say = new Montalegre.Vdi.AdminUi.Words.Language(new(language));
        var page = await chromium.OpenAsync(console, language: language, path: "/users/ana.martins");
        await Ready.PageAsync(page);
        var options = page.Locator("#found").GetByRole(AriaRole.Option);
        await PaletteAsync(page);
        await Expect(options.First).ToContainTextAsync(say.ResetPassword);
        await Expect(options.Last).ToContainTextAsync(say.AuditLog);
        await page.Keyboard.PressAsync("ArrowUp");
        await Expect(options.Last).ToHaveAttributeAsync("aria-selected", "true");
        await Expect(options.Last).ToBeInViewportAsync();
        await Picture.TakeAsync(page, $"palette-{language}");

        await page.Keyboard.TypeAsync("anfitriao-a");
        await Expect(options).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("h1")).ToHaveTextAsync("anfitriao-a");

        await PaletteAsync(page);
        await page.Keyboard.TypeAsync(say.HostDrain);
        await Expect(options.First).ToContainTextAsync(say.OnThisPage);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = say.Cancel, Exact = true })).ToBeFocusedAsync();
        await Ready.DialogAsync(page);
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);

        await PaletteAsync(page);
        await page.Keyboard.TypeAsync(say.CalendarsWord);
        await Expect(options.First).ToContainTextAsync(say.GoToWord);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("h1")).ToHaveTextAsync(say.CalendarsWord);
    }

    // The page is whole first: what it offers is looked at once. It may still take the focus to its title; then the keys are pressed again.
    private static async Task PaletteAsync(IPage page)
    {
        await Ready.PageAsync(page);
        for (var i = 0; i < 1000 && !await page.EvaluateAsync<bool>("document.activeElement?.id === 'find'"); i++) await page.Keyboard.PressAsync("Control+k");
        await Expect(page.Locator("#found")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Words_typed_into_a_filter_stay_as_they_were_typed_and_an_address_brings_its_own()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, path: "/sessions");
        await Ready.PageAsync(page);
        var filter = page.Locator(".toolbar input[type=search]");
        await filter.FocusAsync();
        await page.Keyboard.TypeAsync("ana martinss");
        await page.Keyboard.PressAsync("Backspace");
        await Expect(filter).ToHaveValueAsync("ana martins");
        await Expect(page.Locator(".toolbar .count")).ToContainTextAsync("1");
        await Expect(page).ToHaveURLAsync(new Regex("/sessions[?]q=ana.*martins$"));
        await Expect(filter).ToHaveValueAsync("ana martins");
        await page.GotoAsync("/sessions?q=bruno");
        await Ready.PageAsync(page);
        await Expect(filter).ToHaveValueAsync("bruno");
    }
}
