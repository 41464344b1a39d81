using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>IT publishes a program of a pool, changes it, and takes it back.</summary>
public sealed class ApplicationTests(Chromium chromium)
{
    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task An_application_is_published_changed_and_removed(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/pools/p-balcao");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        await Expect(page.GetByText(say.NoApplications)).ToBeVisibleAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);

        await Button(page, say.PublishApplication).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.PublishApplication, Exact = true })).ToBeDisabledAsync();
        await dialog.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Contabilidade");
        await dialog.GetByLabel(say.ProgramWord, new() { Exact = true }).FillAsync("/usr/bin/gnucash");
        await dialog.GetByLabel(say.ArgumentsWord, new() { Exact = true }).FillAsync("--nofile");
        await PictureAsync(page, $"application-dialog-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.PublishApplication, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(page.GetByText("/usr/bin/gnucash --nofile")).ToBeVisibleAsync();
        await Expect(page.GetByText(say.ApplicationForAll)).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = say.ApplicationsWord }).ScrollIntoViewIfNeededAsync();
        await PictureAsync(page, $"application-panel-{language}-{width}");
        Assert.Equal(0, await page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));

        await Button(page, say.ChangeOf("Contabilidade")).ClickAsync();
        await dialog.GetByLabel(say.NarrowSwitch).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true })).ToBeDisabledAsync();
        await dialog.GetByRole(AriaRole.Checkbox).First.ClickAsync();
        await PictureAsync(page, $"application-groups-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(page.GetByText(say.ApplicationForAll)).ToHaveCountAsync(0);
        Assert.True(Assert.Single(console.World.Applications).Narrowed);

        await Button(page, say.IconOf("Contabilidade")).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true })).ToBeDisabledAsync();
        var png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQMAAAAlPW0iAAAAA1BMVEUzZswgIiSpAAAADElEQVR42mNgIA0AAAAwAAEodEl9AAAAAElFTkSuQmCC");
        await dialog.GetByLabel(say.IconFile).SetInputFilesAsync(new FilePayload { Name = "grande.png", MimeType = "image/png", Buffer = new byte[70_000] });
        await Expect(dialog).ToContainTextAsync(say.IconTooLong);
        await dialog.GetByLabel(say.IconFile).SetInputFilesAsync(new FilePayload { Name = "contas.png", MimeType = "image/png", Buffer = png });
        await PictureAsync(page, $"application-icon-dialog-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await page.WaitForFunctionAsync("() => document.querySelector('img.app-icon')?.naturalWidth === 16");
        Assert.Equal(png, console.World.Icon.ToByteArray());
        await PictureAsync(page, $"application-icon-{language}-{width}");
        await Button(page, say.IconOf("Contabilidade")).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.RemoveIcon, Exact = true }).ClickAsync();
        await Expect(page.Locator("img.app-icon")).ToHaveCountAsync(0);

        await Button(page, say.RemoveApplicationOf("Contabilidade")).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.RemoveApplicationTouches);
        await PictureAsync(page, $"application-remove-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.RemoveApplication, Exact = true }).ClickAsync();
        await Expect(page.GetByText(say.NoApplications)).ToBeVisibleAsync();
        Assert.Empty(console.World.Applications);
    }

    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task Sessions_name_their_application_and_are_found_by_it(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/sessions");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        await page.GetByPlaceholder(say.FilterRows).FillAsync("contabilidade");
        await Expect(page.Locator(".grid tbody tr").First).ToContainTextAsync("Contabilidade");
        await Expect(page.Locator(".grid tbody")).Not.ToContainTextAsync(say.WholeDesktop);
        await PictureAsync(page, $"application-sessions-{language}-{width}");

        await page.GotoAsync("/sessions/s-balcao-2");
        await Expect(page.Locator("dl")).ToContainTextAsync("Contabilidade");
        await PictureAsync(page, $"application-session-{language}-{width}");
        await page.GotoAsync("/sessions/s-balcao-5");
        await Expect(page.Locator("dl")).ToContainTextAsync("Contabilidade, Calculadora");
        await page.GotoAsync("/sessions/s-balcao-1");
        await Expect(page.Locator("dl")).ToContainTextAsync(say.WholeDesktop);
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is not { Length: > 0 } folder) return;
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png") });
    }
}
