using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>A desktop that is locked because the card was taken out, on the portal; pictures go to the folder in MONTALEGRE_SHOTS.</summary>
public sealed class LockedCardTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private readonly PortalRig _rig = new();

    public ValueTask InitializeAsync() => _rig.InitializeAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Theory]
    [InlineData(1440, "pt-PT", "Bloqueado", "Entrar de novo", "Voltar à sessão")]
    [InlineData(390, "en-GB", "Locked", "Sign in again", "Back to session")]
    public async Task Sign_in_from_before_is_offered_a_new_one_and_a_new_one_the_session(int width, string language, string locked, string again, string back)
    {
        var desktop = FakeBroker.InSession(DesktopState.SessionActive);
        (desktop.Locked, desktop.Reason) = (true, new Reason { Code = ReasonCode.SessionLocked });
        _rig.Broker.Desktops = [desktop];
        var page = await browser.OpenAsync(_rig.Address, width, 900, language: language);
        await ApplicationCardTests.SignInAsync(page, language);
        var card = page.Locator(".desktop");
        await Expect(card.GetByText(locked, new() { Exact = true })).ToBeVisibleAsync();
        await Expect(card.GetByText("SESSION_LOCKED")).ToBeVisibleAsync();
        await Expect(card.GetByText(back)).ToHaveCountAsync(0);
        await TakeAsync(page, $"locked-before-{language}-{width}");

        // Whoever signs in again has a sign-in that is newer than the lock.
        await card.GetByRole(AriaRole.Button, new() { Name = again, Exact = true }).ClickAsync();
        await page.Locator("#user").WaitForAsync();
        desktop.Reason = null;
        await ApplicationCardTests.SignInAsync(page, language);
        await Expect(card.GetByText(locked, new() { Exact = true })).ToBeVisibleAsync();
        await Expect(card.GetByRole(AriaRole.Button, new() { Name = back, Exact = true })).ToBeVisibleAsync();
        await Expect(card.GetByRole(AriaRole.Button, new() { Name = again, Exact = true })).ToHaveCountAsync(0);
        await TakeAsync(page, $"locked-after-{language}-{width}");
    }

    private static async Task TakeAsync(IPage page, string name)
    {
        Assert.Equal(0, await page.EvaluateAsync<int>("() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));
        Assert.Empty((await page.RunAxe()).Violations.Select(v => v.Id));
        if (Environment.GetEnvironmentVariable("MONTALEGRE_SHOTS") is { Length: > 0 } folder) await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }
}
