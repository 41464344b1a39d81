using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

public sealed class DeskTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task A_filter_is_kept_by_name_and_a_note_about_a_person_with_its_author(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var say = new Language(new(language));
        var page = await chromium.OpenAsync(console, width, 800, language, path: "/machines?q=urb&state=used");
        await Ready.PageAsync(page);
        var views = page.Locator("details.views");
        await views.Locator("summary").ClickAsync();
        await Expect(views.GetByText(say.NoViews)).ToBeVisibleAsync();
        await views.GetByLabel(say.ViewName).FillAsync("Urbanismo em uso");
        await views.GetByRole(AriaRole.Button, new() { Name = say.SaveView }).ClickAsync();
        await Expect(views.GetByText(say.ViewSaved("Urbanismo em uso"))).ToBeVisibleAsync();
        await Picture.TakeAsync(page, $"views-{language}-{width}");
        await page.GotoAsync("/machines");
        await Ready.PageAsync(page);
        await views.Locator("summary").ClickAsync();
        await views.GetByRole(AriaRole.Link, new() { Name = "Urbanismo em uso" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/machines[?]q=urb&state=used$"));
        await Expect(page.Locator(".toolbar input[type=search]")).ToHaveValueAsync("urb");
        await views.Locator("summary").ClickAsync();
        await views.GetByRole(AriaRole.Button, new() { Name = say.DeleteOf("Urbanismo em uso") }).ClickAsync();
        await Expect(views.GetByText(say.NoViews)).ToBeVisibleAsync();

        await page.GotoAsync("/users/ana.martins");
        await Ready.PageAsync(page);
        await Expect(page.GetByText(say.NoNotes)).ToBeVisibleAsync();
        await page.GetByLabel(say.NewNote).FillAsync("O rato falha; trocado.");
        await page.GetByRole(AriaRole.Button, new() { Name = say.AddNote }).ClickAsync();
        await Expect(page.Locator(".notes li")).ToContainTextAsync("O rato falha; trocado.");
        await Expect(page.Locator(".notes li")).ToContainTextAsync("rita");
        await Picture.TakeAsync(page, $"notes-{language}-{width}");
    }
}
