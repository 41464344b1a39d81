using System.Net;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>The record is verified and taken along as a file; a person who left is erased by name.</summary>
public sealed class AuditTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task The_record_is_verified_and_exported_and_only_who_left_is_erased_after_the_name_was_typed(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/audit");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        await Button(page, say.VerifyAudit).ClickAsync();
        await Expect(page.Locator("main div[role=status]")).ToContainTextAsync(say.AuditGenuine(120, 4312));
        await page.Locator("summary").Filter(new() { HasText = say.ExportAudit }).ClickAsync();
        await page.GetByLabel(say.FromDay).FillAsync("2026-03-01");
        await page.GetByLabel(say.ToDay).FillAsync("2026-03-31");
        await Picture.TakeAsync(page, $"audit-{language}-{width}");
        var download = await page.RunAndWaitForDownloadAsync(() => Button(page, say.ExportAudit).ClickAsync());
        Assert.EndsWith(".jsonl", download.SuggestedFilename, StringComparison.Ordinal);
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal((1 + console.World.Audit.Count, """{"entry":1}"""), (lines.Length, lines[1]));
        Assert.Contains(console.World.Calls, c => c.StartsWith("export", StringComparison.Ordinal) && c.Contains("2026-03-01T", StringComparison.Ordinal) && (c.Contains("2026-04-01T", StringComparison.Ordinal) || c.Contains("2026-03-31T23", StringComparison.Ordinal)));

        var dialog = page.GetByRole(AriaRole.Dialog);
        await page.GotoAsync("/users/ana.martins");
        await Button(page, say.ErasePerson).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.EraseNeedsDisabled);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.EraseWord, Exact = true })).ToBeDisabledAsync();
        await Picture.TakeAsync(page, $"erase-refused-{language}-{width}");

        await page.GotoAsync("/users/hugo.lopes");
        await Button(page, say.ErasePerson).ClickAsync();
        await dialog.GetByLabel(say.EraseTypeName("hugo.lopes")).FillAsync("hugo");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.EraseWord, Exact = true }).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.EraseNameDiffers);
        await Expect(dialog).ToContainTextAsync(say.EraseTouchesAudit);
        await dialog.GetByLabel(say.EraseTypeName("hugo.lopes")).FillAsync("hugo.lopes");
        await Picture.TakeAsync(page, $"erase-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.EraseWord, Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/users$"));
        Assert.Contains("erase hugo.lopes", console.World.Calls);
    }

    [Fact]
    public async Task Half_an_export_is_no_file_and_a_stranger_or_a_form_of_another_page_gets_none()
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, path: "/audit");
        await Ready.PageAsync(page);
        var token = await page.Locator("form[action='/audit/export'] input[name=__RequestVerificationToken]").GetAttributeAsync("value");
        console.World.ExportBreaks = true;
        await Assert.ThrowsAnyAsync<PlaywrightException>(() => PostAsync(page, ("__RequestVerificationToken", token!)));
        console.World.ExportBreaks = false;
        Assert.Equal((int)HttpStatusCode.Conflict, (await PostAsync(page, ("__RequestVerificationToken", token!), ("from", "2026-03-02"), ("to", "2026-03-01"))).Status);
        Assert.Equal((int)HttpStatusCode.BadRequest, (await PostAsync(page)).Status);
        console.World.Grants[0].Role = "help_desk";
        var refused = await PostAsync(page, ("__RequestVerificationToken", token!));
        Assert.Equal((int)HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("audit.read", await refused.TextAsync(), StringComparison.Ordinal);
    }

    private static async Task<IAPIResponse> PostAsync(IPage page, params (string Name, string Value)[] fields)
    {
        var form = page.APIRequest.CreateFormData();
        foreach (var (name, value) in fields) form.Append(name, value);
        return await page.APIRequest.PostAsync("/audit/export", new() { Form = form, MaxRedirects = 0, Timeout = 60_000 });
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
