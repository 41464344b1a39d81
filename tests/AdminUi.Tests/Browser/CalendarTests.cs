using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Calendars of holidays: the municipality's own days, files of others, and who follows them.</summary>
public sealed class CalendarTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, 800, "pt-PT", "Criar calendário", "Nome", "Acrescentar dia", "Nome do feriado", "Dia", "Mês", "Guardar", "esse dia não existe", "Feriado municipal: 9 de junho, todos os anos", "Importar ficheiro .ics", "Importar", "1 dia acrescentado.", "Eliminar", "Balcão único")]
    [InlineData(390, 844, "en-GB", "Create calendar", "Name", "Add a day", "Name of the holiday", "Day", "Month", "Save", "there is no such day", "Feriado municipal: 9 June, every year", "Import an .ics file", "Import", "1 day added.", "Delete", "Balcão único")]
    public async Task A_municipal_day_is_written_down_a_file_is_imported_and_a_used_calendar_stays(
        int width, int height, string language, string create, string name, string addDay, string holiday, string day, string month, string save, string noSuchDay, string shown, string import, string importDo, string added, string delete, string pool)
    {
        await using var console = await RunningConsole.StartAsync();
        console.World.Schedules["p-balcao"] = new PowerSchedule { TimeZone = "Europe/Lisbon", CalendarId = "c1", Otherwise = new() { Spare = new() { Machines = 1 } } };
        var page = await chromium.OpenAsync(console, width, height, language, path: "/calendars");
        await Ready.PageAsync(page);
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(pool);

        await page.GetByRole(AriaRole.Button, new() { Name = create, Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel(name, new() { Exact = true }).FillAsync("Oficinas");
        await dialog.GetByRole(AriaRole.Button, new() { Name = addDay, Exact = true }).ClickAsync();
        await dialog.GetByLabel(holiday).FillAsync("Feriado municipal");
        await dialog.GetByLabel(day, new() { Exact = true }).FillAsync("31");
        await Expect(dialog.Locator("fieldset.switches")).ToContainTextAsync(month);
        await dialog.Locator("fieldset.switches select").SelectOptionAsync("6");
        await Expect(dialog).ToContainTextAsync(noSuchDay);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = save, Exact = true })).ToBeDisabledAsync();
        await dialog.GetByLabel(day, new() { Exact = true }).FillAsync("9");
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await SaveAsync(page, $"calendar-dialog-{language}-{width}");
        Assert.Equal(0, await dialog.EvaluateAsync<int>("d => Math.max(0, d.scrollWidth - d.clientWidth)"));
        await dialog.GetByRole(AriaRole.Button, new() { Name = save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        var made = page.Locator("section.card", new() { HasText = "Oficinas" });
        await made.Locator("summary").ClickAsync();
        await Expect(made).ToContainTextAsync(shown);

        await page.GetByRole(AriaRole.Button, new() { Name = $"{import}: Oficinas", Exact = true }).ClickAsync();
        await dialog.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "notes.ics", MimeType = "text/calendar", Buffer = "hello"u8.ToArray() });
        await dialog.GetByRole(AriaRole.Button, new() { Name = importDo, Exact = true }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("line 1: BEGIN:VCALENDAR expected");
        await SaveAsync(page, $"calendar-import-dialog-{language}-{width}");
        await dialog.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "days.ics", MimeType = "text/calendar", Buffer = "BEGIN:VCALENDAR"u8.ToArray() });
        await dialog.GetByRole(AriaRole.Button, new() { Name = importDo, Exact = true }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar").Last).ToContainTextAsync(added);
        await Expect(dialog).ToHaveCountAsync(0);
        await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await SaveAsync(page, $"calendar-page-{language}-{width}");
        Assert.Equal(0, await page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));

        await page.GetByRole(AriaRole.Button, new() { Name = $"{delete}: Município", Exact = true }).ClickAsync();
        await Expect(dialog).ToContainTextAsync(pool);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = delete, Exact = true })).ToBeDisabledAsync();
        await dialog.Locator(".mud-dialog-actions button").First.ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(made).ToBeVisibleAsync();
        Assert.True(console.World.Calendars.ContainsKey("c1"));
        await page.GetByRole(AriaRole.Button, new() { Name = $"{delete}: Oficinas", Exact = true }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = delete, Exact = true }).ClickAsync();
        await Expect(made).ToHaveCountAsync(0);
        Assert.Contains("calendar Oficinas True 1", console.World.Calls);
    }

    private static async Task SaveAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = !name.Contains("dialog", StringComparison.Ordinal) });
    }
}
