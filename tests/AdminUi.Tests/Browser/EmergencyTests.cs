using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>The emergency sign-in, and the red line that everybody sees while one is open.</summary>
public sealed class EmergencyTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task Code_of_the_server_signs_in_and_says_so_in_red_on_every_page_until_it_is_ended(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/sessions");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        await Expect(page.Locator(".banner.bad")).ToHaveCountAsync(0);

        // Another one's, while the page is open.
        var now = DateTimeOffset.UtcNow;
        console.World.Emergencies = [new() { EmergencyId = "e-0", Reason = "Ticket 4711", SourceAddress = "10.0.4.7", Since = now.ToTimestamp(), ExpiresAt = now.AddHours(1).ToTimestamp() }];
        await Expect(page.Locator(".banner.bad")).ToContainTextAsync("Ticket 4711");
        await Picture.TakeAsync(page, $"emergency-open-{language}-{width}");
        await page.GetByRole(AriaRole.Button, new() { Name = say.EmergencyEnd, Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = say.EmergencyEnd, Exact = true }).ClickAsync();
        await Expect(page.Locator(".banner.bad")).ToHaveCountAsync(0);
        Assert.Empty(console.World.Emergencies);

        await page.Context.ClearCookiesAsync(new() { Name = "__Host-montalegre-console" });
        await page.GotoAsync("/sign-in");
        await page.GetByRole(AriaRole.Link, new() { Name = say.EmergencySignIn }).ClickAsync();
        await page.GetByLabel(say.EmergencyCode).FillAsync("not-it");
        await page.GetByRole(AriaRole.Button, new() { Name = say.Enter, Exact = true }).ClickAsync();
        await Expect(page.Locator(".problem")).ToContainTextAsync(Contracts.ReasonTexts.Sentence(Contracts.Common.V1.ReasonCode.BreakGlassInvalid, say.Culture));
        await Picture.TakeAsync(page, $"emergency-page-{language}-{width}");
        await page.GetByLabel(say.EmergencyCode).FillAsync(FakeBreakGlass.Secret);
        await page.GetByRole(AriaRole.Button, new() { Name = say.Enter, Exact = true }).ClickAsync();
        await Expect(page.Locator(".banner.bad")).ToContainTextAsync(say.EmergencyIsYours);
    }
}
