using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>A pool's week, as an administrator sets it and as past arrivals suggest it.</summary>
public sealed class ScheduleTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, 800, "pt-PT", "Mudar horário", "De reserva (número ou %)", "Guardar", "Fora dos períodos: dê uma reserva", "Segunda", "porque nos últimos 6 dias destes chegaram até 8 pessoas", "Aplicar a sugestão de Segunda")]
    [InlineData(390, 844, "en-GB", "Change schedule", "Spare (number or %)", "Save", "Outside of the periods: give a spare", "Monday", "because on the last 6 such days up to 8 people came", "Apply the suggestion for Monday")]
    public async Task Week_is_set_in_a_form_and_a_suggestion_is_taken_only_when_asked(int width, int height, string language, string open, string field, string save, string wrong, string day, string reason, string apply)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, height, language, path: "/pools/p-balcao");
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = open, Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel(field, new() { Exact = true }).Last.FillAsync("many");
        await Expect(dialog).ToContainTextAsync(wrong);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = save, Exact = true })).ToBeDisabledAsync();
        await dialog.GetByLabel(field, new() { Exact = true }).Last.FillAsync("10%");
        await dialog.Locator("input[list=time-zones]").FillAsync("Atlantic/Nowhere");
        await Expect(dialog).ToContainTextAsync("Atlantic/Nowhere");
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = save, Exact = true })).ToBeDisabledAsync();
        await dialog.Locator("input[list=time-zones]").FillAsync("Atlantic/Azores");
        Assert.True(await dialog.Locator("#time-zones option").CountAsync() > 200);
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await SaveAsync(page, $"schedule-dialog-{language}-{width}");
        Assert.Equal(0, await dialog.EvaluateAsync<int>("d => Math.max(0, d.scrollWidth - d.clientWidth)"));
        var proposed = new PowerSchedule { TimeZone = "Europe/Lisbon", Otherwise = new() { Spare = new() { Machines = 1 } }, Windows = { new PowerWindow { Days = { ScheduleDay.Monday }, FromMinute = 465, UntilMinute = 510, Wish = new() { Spare = new() { Machines = 8 }, Open = true } } } };
        console.World.Suggestion = new() { Day = ScheduleDay.Monday, FromMinute = 465, UntilMinute = 510, Spare = 8, People = 8, PeakMinute = 480, Days = 6, Proposed = proposed };
        await dialog.GetByRole(AriaRole.Button, new() { Name = save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);

        await Expect(page.Locator(".week > li")).ToHaveCountAsync(8);
        Assert.Equal("Atlantic/Azores", console.World.Schedules["p-balcao"].TimeZone);
        await Expect(page.Locator(".week > li").First).ToContainTextAsync(day);
        await Expect(page.Locator("#schedule")).ToContainTextAsync(reason);
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await SaveAsync(page, $"schedule-page-{language}-{width}");
        Assert.Equal(0, await page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));
        Assert.DoesNotContain(console.World.Schedules.Values, s => s.Equals(proposed));
        await page.GetByRole(AriaRole.Button, new() { Name = apply, Exact = true }).ClickAsync();
        await Expect(page.Locator(".week-bar .calm, .week-bar .closed").First).ToBeVisibleAsync();
        await Expect(page.Locator(".week > li").First).ToContainTextAsync("07:45");
        Assert.Contains(console.World.Schedules.Values, s => s.Equals(proposed));
    }

    private static async Task SaveAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is { Length: > 0 } folder)
        {
            if (name.Contains("page", StringComparison.Ordinal)) await page.SetViewportSizeAsync(page.ViewportSize!.Width, 2600);   // the page scrolls within itself
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = !name.Contains("dialog", StringComparison.Ordinal) });
        }
    }
}
