using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>IT finds a setting, mistypes it, is told beside the field, saves, looks at its history, and takes it back.</summary>
public sealed class SettingsTests(Chromium chromium)
{
    private const string Attempts = "Identity:FreeAttemptsPerAccount", Portal = "Identity:EmployeeLifetime", Ticket = "Launch:TicketLifetime", Address = "Alerts:ConsoleAddress";

    [Theory]
    [InlineData(390, "pt-PT", false)]
    [InlineData(1440, "en-GB", true)]
    public async Task A_setting_is_found_corrected_saved_looked_up_and_taken_back(int width, string language, bool dark)
    {
        await using var console = await RunningConsole.StartAsync();
        var flow = await Flow.OpenAsync(chromium, console, "settings", width, language, dark, "/audit");
        var (page, walk, say) = flow;
        // By its own name in the palette: the page opens with that one alone.
        await page.Locator("#find").FocusAsync();
        await page.Locator("#find").PressSequentiallyAsync(SettingTexts.Name(Portal, say.Culture));
        await Expect(page.Locator("#found").GetByRole(AriaRole.Option).First).ToContainTextAsync(SettingTexts.Name(Portal, say.Culture));
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("h1")).ToHaveTextAsync(say.SettingsWord);
        await Expect(Field(page, Portal)).ToHaveValueAsync("8");
        await Expect(page.Locator(".setting")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Searchbox).FillAsync("");
        await Expect(page.Locator(".setting")).ToHaveCountAsync(console.World.Settings.All.Count);
        await Expect(Field(page, "Identity:AdministratorLifetime")).Not.ToBeEditableAsync();
        await Expect(page.GetByText("MONTALEGRE_Identity__AdministratorLifetime")).ToBeVisibleAsync();
        await Expect(Field(page, "Energy:UsedShare")).ToHaveValueAsync(language == "pt-PT" ? "12,5" : "12.5");
        await WholePictureAsync(page, $"settings-page-{language}-{width}{(dark ? "-dark" : "")}");

        await Field(page, Attempts).FillAsync("0");
        await Field(page, Portal).FillAsync(language == "pt-PT" ? "1,5" : "1.5");
        await Field(page, Address).FillAsync("consola");
        await Expect(page.Locator(".savebar")).ToContainTextAsync(say.UnsavedSettings(3));
        await flow.Button(say.SaveSettings).ClickAsync();
        // Said without asking the broker, beside the field that has the focus.
        await WrongAsync(page, Attempts, say.SettingOutOfRange(language == "pt-PT" ? "1 a 100" : "1 to 100"));
        await Expect(Field(page, Attempts)).ToBeFocusedAsync();
        Assert.Equal("5", console.World.Settings.Of(Attempts).Value);
        await walk.LookAsync("wrong");

        await Field(page, Attempts).FillAsync("3");
        await Expect(page.Locator(".setting .trouble[id]")).ToHaveCountAsync(0);
        await flow.Button(say.SaveSettings).ClickAsync();
        // Said by the broker alone.
        await WrongAsync(page, Address, say.SettingRule(Address));
        await Expect(Field(page, Address)).ToBeFocusedAsync();
        Assert.Equal("8", console.World.Settings.Of(Portal).Value);
        await PictureAsync(page, $"settings-wrong-{language}-{width}{(dark ? "-dark" : "")}");

        await Field(page, Address).FillAsync("https://consola.exemplo.pt");
        await flow.Button(say.SaveSettings).ClickAsync();
        await Expect(flow.Said).ToContainTextAsync(say.SettingsSaved(3));
        await Expect(page.Locator(".savebar")).ToHaveCountAsync(0);
        Assert.Equal(("3", "1.5", "https://consola.exemplo.pt"), (console.World.Settings.Of(Attempts).Value, console.World.Settings.Of(Portal).Value, console.World.Settings.Of(Address).Value));
        await Expect(Row(page, Portal)).ToContainTextAsync(say.SetByConsole);
        await walk.LookAsync("saved");

        await Row(page, Portal).GetByRole(AriaRole.Button, new() { Name = say.SettingHistoryOf(SettingTexts.Name(Portal, say.Culture)), Exact = true }).ClickAsync();
        await Expect(flow.Dialog).ToContainTextAsync("rita");
        await Expect(flow.Dialog).ToContainTextAsync(say.SettingAmount(console.World.Settings.Of(Portal), "1.5"));
        await walk.LookAsync("history");
        await PictureAsync(page, $"settings-history-{language}-{width}{(dark ? "-dark" : "")}");
        await flow.Asked(say.Close).ClickAsync();

        await Row(page, Portal).GetByRole(AriaRole.Button, new() { Name = say.BackToDefaultOf(SettingTexts.Name(Portal, say.Culture)), Exact = true }).ClickAsync();
        await Ready.DialogAsync(page);
        await walk.LookAsync("reset");
        await flow.Asked(say.BackToDefault).ClickAsync();
        await Expect(Field(page, Portal)).ToHaveValueAsync("8");
        Assert.Equal(SettingSource.Default, console.World.Settings.Of(Portal).Source);
        Assert.Equal(0, await page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));
        walk.Ends();
    }

    [Fact]
    public async Task A_lost_race_says_who_was_first_and_keeps_what_was_typed()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "pt-PT");
        var say = new Language(new("pt-PT"));
        await Field(page, Attempts).FillAsync("4");
        await Field(page, Ticket).FillAsync("50");
        console.World.Settings.JustBefore = () => console.World.Settings.Set(Attempts, "9", "rui.costa");

        await Button(page, say.SaveSettings).ClickAsync();

        await Expect(page.Locator($"#{Id(Attempts)}-wrong")).ToContainTextAsync("rui.costa");
        await Expect(page.Locator($"#{Id(Attempts)}-wrong")).ToContainTextAsync("9");
        await Expect(Field(page, Attempts)).ToBeFocusedAsync();
        await Expect(Field(page, Attempts)).ToHaveValueAsync("4");
        await Expect(Field(page, Ticket)).ToHaveValueAsync("50");
        Assert.Equal(("9", "30"), (console.World.Settings.Of(Attempts).Value, console.World.Settings.Of(Ticket).Value));
        await PictureAsync(page, "settings-race");

        await Button(page, say.SaveSettings).ClickAsync();   // who has seen it may replace it
        await Expect(page.Locator(".savebar")).ToHaveCountAsync(0);
        Assert.Equal(("4", "50"), (console.World.Settings.Of(Attempts).Value, console.World.Settings.Of(Ticket).Value));

        // Two that must fit together: the other one is named as people know it.
        await Field(page, "Launch:FileTicketLifetime").FillAsync("40");
        await Button(page, say.SaveSettings).ClickAsync();
        await WrongAsync(page, "Launch:FileTicketLifetime", say.SettingLessThan(SettingTexts.Name(Ticket, say.Culture), "50 segundos"));
    }

    // Somebody else saves while the page is open: what nobody types in shows it; what was typed stays, and the page offers the other value.
    [Theory]
    [InlineData(390, "pt-PT")]
    [InlineData(1440, "en-GB")]
    public async Task What_others_save_is_shown_by_itself_and_what_was_typed_stays_until_the_new_value_is_taken(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 800, language, path: "/settings");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        await Field(page, Ticket).FillAsync("50");
        await Field(page, Attempts).FillAsync("4");
        await Expect(page.Locator(".savebar")).ToContainTextAsync(say.UnsavedSettings(2));
        console.World.Settings.Set(Attempts, "9", "rui.costa");
        console.World.Settings.Set(Portal, "6", "rui.costa");

        await Expect(Field(page, Portal)).ToHaveValueAsync("6");
        await Expect(Row(page, Portal)).ToContainTextAsync("rui.costa");
        await Expect(page.Locator($"#{Id(Attempts)}-meanwhile")).ToContainTextAsync("rui.costa");
        await Expect(Field(page, Attempts)).ToHaveValueAsync("4");
        await Expect(Field(page, Attempts)).ToBeFocusedAsync();
        await Expect(Field(page, Ticket)).ToHaveValueAsync("50");
        await Picture.TakeAsync(page, $"settings-meanwhile-{language}-{width}");
        await Row(page, Attempts).GetByRole(AriaRole.Button, new() { Name = $"{say.TakeTheirs(say.SettingAmount(console.World.Settings.Of(Attempts), "9"))}: {SettingTexts.Name(Attempts, say.Culture)}", Exact = true }).ClickAsync();
        await Expect(Field(page, Attempts)).ToHaveValueAsync("9");
        await Expect(page.Locator($"#{Id(Attempts)}-meanwhile")).ToHaveCountAsync(0);
        await Button(page, say.SaveSettings).ClickAsync();
        await Expect(page.Locator(".savebar")).ToHaveCountAsync(0);
        Assert.Equal(("9", "50"), (console.World.Settings.Of(Attempts).Value, console.World.Settings.Of(Ticket).Value));
    }

    [Fact]
    public async Task Whoever_leaves_with_something_unsaved_is_asked_and_a_wrong_field_that_the_search_hides_is_shown()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await OpenAsync(console, "en-GB");
        var say = new Language(new("en-GB"));
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Field(page, Attempts).FillAsync("many");
        await page.GetByRole(AriaRole.Searchbox).FillAsync("energy");
        await Expect(page.Locator(".setting")).ToHaveCountAsync(1);
        await Button(page, say.SaveSettings).ClickAsync();
        await WrongAsync(page, Attempts, say.SettingNotANumber(true));
        await Expect(Field(page, Attempts)).ToBeFocusedAsync();

        await page.Locator("#side a[href='/audit']").ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Cancel, Exact = true }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync(say.SettingsWord);
        await Expect(Field(page, Attempts)).ToHaveValueAsync("many");
        await Button(page, say.DiscardSettings).ClickAsync();
        await Expect(Field(page, Attempts)).ToHaveValueAsync("5");
        await page.Locator("#side a[href='/audit']").ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync(say.AuditLog);
    }

    [Fact]
    public async Task Who_may_only_look_sees_everything_and_changes_nothing()
    {
        await using var console = await RunningConsole.StartAsync();
        foreach (var grant in console.World.Grants) grant.Role = "auditor";
        var page = await OpenAsync(console, "pt-PT");
        await Expect(Field(page, Attempts)).Not.ToBeEditableAsync();
        await Expect(page.GetByText(new Language(new("pt-PT")).BackToDefault)).ToHaveCountAsync(0);
    }

    private async Task<IPage> OpenAsync(RunningConsole console, string language)
    {
        var page = await chromium.OpenAsync(console, 1280, 800, language, path: "/settings");
        await Ready.PageAsync(page);
        return page;
    }

    private static async Task WrongAsync(IPage page, string key, string said)
    {
        await Expect(page.Locator($"#{Id(key)}-wrong")).ToContainTextAsync(said);
        await Expect(Field(page, key)).ToHaveAttributeAsync("aria-invalid", "true");
        Assert.Contains($"{Id(key)}-wrong", await Field(page, key).GetAttributeAsync("aria-describedby"), StringComparison.Ordinal);
    }

    private static string Id(string key) => "setting-" + key.Replace(':', '-');

    private static ILocator Field(IPage page, string key) => page.Locator("#" + Id(key));

    private static ILocator Row(IPage page, string key) => page.Locator(".setting").Filter(new() { Has = page.Locator("#" + Id(key)) });

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static Task PictureAsync(IPage page, string name) => Picture.TakeAsync(page, name);

    // The page scrolls inside its shell; the picture has all of it.
    private static async Task WholePictureAsync(IPage page, string name)
    {
        var (width, height) = (page.ViewportSize!.Width, page.ViewportSize.Height);
        await page.SetViewportSizeAsync(width, Math.Min(6000, 60 + await page.EvaluateAsync<int>("() => document.querySelector('.shell main').scrollHeight")));
        await PictureAsync(page, name);
        await page.SetViewportSizeAsync(width, height);
    }
}
