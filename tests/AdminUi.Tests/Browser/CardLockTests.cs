using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Desktops that are locked because a card was taken out: the rule that does it, and who sees that it did.</summary>
public sealed class CardLockTests(Chromium chromium)
{
    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task Rule_says_what_it_does_and_locked_sessions_say_that_they_are(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var say = new Language(new(language));
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/pools/p-balcao");
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = say.ChangeRules, Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel(say.CardRemovalWord).SelectOptionAsync(nameof(CardRemoval.Lock));
        await Expect(dialog).ToContainTextAsync(say.CardRemovalEffect(CardRemoval.Lock));
        await Picture.TakeAsync(page, $"card-lock-dialog-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(say.CardRemovalEffect(CardRemoval.Lock));
        Assert.Contains(console.World.Calls, c => c == """rules { "cardRemoval": "CARD_REMOVAL_LOCK" }""");
        await Picture.TakeAsync(page, $"card-lock-pool-{language}-{width}");

        var session = console.World.Sessions.Find("s-balcao-1")!.Clone();
        session.LockedSince = DateTimeOffset.UtcNow.AddMinutes(-3).ToTimestamp();
        console.World.Sessions.Put(session);
        foreach (var path in new[] { "/sessions?state=locked", $"/sessions/{session.SessionId}", $"/users/{session.UserName}" })
        {
            await page.GotoAsync(path);
            await Ready.PageAsync(page);
            await Expect(page.Locator("main")).ToContainTextAsync(session.DisplayName);
            await Expect(page.Locator("main").GetByText(say.LockedWord, new() { Exact = true }).First).ToBeVisibleAsync();
            if (path.Contains('?', StringComparison.Ordinal)) await Expect(page.Locator(".grid tbody a[href^='/sessions/']")).ToHaveCountAsync(1);
            await Picture.TakeAsync(page, $"card-lock{path.Split('?')[0].Split('/')[1]}{path.Count(c => c == '/')}-{language}-{width}");
        }
    }
}
