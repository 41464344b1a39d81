using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Each report is asked for by the days in the address, drawn, said as a table, and taken along.</summary>
public sealed class ReportTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task Reports_follow_the_days_in_the_address_stand_as_chart_and_table_and_are_taken_along(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/reports/use?from=2026-03-01&to=2026-03-20");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        await Expect(page.Locator("svg.chart").First.Locator("rect")).ToHaveCountAsync(20);
        Assert.Contains("report use 2026-03-01 2026-03-21 ", console.World.Calls);
        await Picture.TakeAsync(page, $"report-use-{language}-{width}");

        await Expect(page.GetByRole(AriaRole.Region, new() { Name = say.ByApplication })).ToContainTextAsync("Contabilidade");

        // A pool of the list may be named as a formula; in a spreadsheet it is a name.
        var csv = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = say.ExportCsv }).First.ClickAsync());
        Assert.Equal("use-2026-03-01-2026-03-20.csv", csv.SuggestedFilename);
        var text = await File.ReadAllTextAsync(await csv.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal(1 + 20 * 3, text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("\"'=HYPERLINK", text, StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Combobox, new() { Name = say.PoolWord, Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "Urbanismo" });
        await Expect(page).ToHaveURLAsync(new Regex("/reports/use\\?from=2026-03-01&to=2026-03-20&pool=p-urb$"));
        await Expect(page.Locator("main")).Not.ToContainTextAsync("HYPERLINK");
        await page.GetByLabel(say.FromDay).FillAsync("2026-03-11");
        await Expect(page.Locator("svg.chart").First.Locator("rect")).ToHaveCountAsync(10);

        await Tab(page, say.CapacityReportWord).ClickAsync();
        await Expect(page.Locator("main table").Last).ToContainTextAsync(say.OutcomeDetail("NOT_ENTITLED", ""));
        Assert.Contains("report capacity 2026-03-11 2026-03-21 p-urb", console.World.Calls);
        await Picture.TakeAsync(page, $"report-capacity-{language}-{width}");

        await Tab(page, say.LogonReportWord).ClickAsync();
        await Expect(page.Locator("svg.chart")).ToHaveCountAsync(2);
        await page.Locator("summary").Filter(new() { HasText = say.SameAsTable }).First.ClickAsync();
        await Expect(page.Locator("main table").First).ToContainTextAsync(say.Whole);
        await Picture.TakeAsync(page, $"report-logons-{language}-{width}");

        await Tab(page, say.AccessReportWord).ClickAsync();
        await Expect(page.Locator("main table tbody tr")).ToHaveCountAsync(console.World.Users.Count);
        await Picture.TakeAsync(page, $"report-access-{language}-{width}");

        await Tab(page, say.IncidentReportWord).ClickAsync();
        await Picture.TakeAsync(page, $"report-incident-{language}-{width}");
        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = say.IncidentDownload }).ClickAsync());
        Assert.Equal(2, (await File.ReadAllLinesAsync(await file.PathAsync(), TestContext.Current.CancellationToken)).Length);
        await page.GetByRole(AriaRole.Combobox, new() { Name = say.PoolWord, Exact = true }).SelectOptionAsync("");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = say.IncidentDownload })).ToBeDisabledAsync();
        await page.GetByRole(AriaRole.Combobox, new() { Name = say.PersonWord, Exact = true }).FillAsync("carla");
        await page.Locator(".picker .found").GetByRole(AriaRole.Option).ClickAsync();
        await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = say.IncidentDownload }).ClickAsync());
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Heading, new() { Name = say.EnergyTitle }).ScrollIntoViewIfNeededAsync();
        await Picture.TakeAsync(page, $"dashboard-energy-{language}-{width}");
        Assert.Equal(["report incident p-urb", "report incident carla.antunes"], console.World.Calls.Where(c => c.StartsWith("report incident", StringComparison.Ordinal)));
    }

    private static ILocator Tab(IPage page, string name) => page.Locator("main nav").GetByRole(AriaRole.Link, new() { Name = name, Exact = true });
}
