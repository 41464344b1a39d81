using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>IT tells employees something, and takes it back.</summary>
public sealed class PortalContentTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task An_announcement_and_a_link_are_made_changed_and_taken_away(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        console.World.Announcements.Clear();
        console.World.Links.Clear();
        var page = await chromium.OpenAsync(console, width, 800, language, path: "/portal");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        await Expect(page.GetByText(say.NoAnnouncements)).ToBeVisibleAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);

        await Button(page, say.AddAnnouncement).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true })).ToBeDisabledAsync();
        await dialog.GetByLabel(say.TextInPortuguese, new() { Exact = true }).FillAsync("Manutenção às 18h00");
        await dialog.GetByLabel(say.ShownUntil, new() { Exact = true }).FillAsync("amanhã");
        await Expect(dialog).ToContainTextAsync(say.WrongTime);
        await dialog.GetByLabel(say.ShownUntil, new() { Exact = true }).FillAsync("31/12/2099 18:00");
        await PictureAsync(page, $"portal-dialog-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(page.Locator("main")).ToContainTextAsync(say.ShownUntilTime("31/12/2099 18:00"));

        await Button(page, say.AddLink).ClickAsync();
        await dialog.GetByLabel(say.NameInEnglish, new() { Exact = true }).FillAsync("Forms");
        await dialog.GetByLabel(say.WebAddress, new() { Exact = true }).FillAsync("forms");
        await Expect(dialog).ToContainTextAsync(say.WrongWebAddress);
        await dialog.GetByLabel(say.WebAddress, new() { Exact = true }).FillAsync("https://forms.example.pt/");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(page.Locator("main")).ToContainTextAsync("https://forms.example.pt/");
        await PictureAsync(page, $"portal-page-{language}-{width}");
        Assert.Equal(0, await page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));

        await Button(page, say.DeleteOf("Forms")).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.DeleteWord, Exact = true }).ClickAsync();
        await Expect(page.GetByText(say.NoLinks)).ToBeVisibleAsync();
        Assert.Equal("Manutenção às 18h00", Assert.Single(console.World.Announcements).TextPt);
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is not { Length: > 0 } folder) return;
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png") });
    }
}
