using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>A provider is tried, saved, changed and removed by keyboard; what is wrong stands at its field.</summary>
public sealed class ProviderTests(Chromium chromium)
{
    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task A_provider_is_tried_before_it_is_saved_changed_and_removed_and_errors_stand_at_their_fields(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/directories");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Autenticação da Câmara" })).ToBeVisibleAsync();
        await Picture.TakeAsync(page, $"providers-{language}-{width}");

        await PressAsync(Button(page, say.AddProvider));
        await Ready.DialogAsync(page);
        await PressAsync(Button(dialog, say.AddProvider));
        await Expect(dialog).ToContainTextAsync(say.WrongIssuer);
        await Expect(dialog).ToContainTextAsync(say.WrongClientId);
        await dialog.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Escolas");
        await dialog.GetByLabel(say.IssuerWord).FillAsync("https://id.escolas.pt");
        await dialog.GetByLabel(say.ClientIdWord).FillAsync("montalegre");
        await PressAsync(Button(dialog, say.AddMappedGroup));
        await dialog.GetByLabel(say.ClaimValue).FillAsync("CN=prof,DC=escolas");
        await dialog.GetByLabel(say.GroupHere).FillAsync("Professores");
        var good = console.World.ProviderTest;
        console.World.ProviderTest = new() { Document = "https://id.escolas.pt/.well-known/openid-configuration", FailedStep = OidcStep.Issuer, Problem = "it calls itself https://id.escolas.pt/" };
        await PressAsync(Button(dialog, say.AddProvider));
        await Expect(dialog.Locator(".mud-input-helper-text.mud-input-error")).ToContainTextAsync(say.StepFailed(OidcStep.Issuer));
        await Expect(dialog.GetByLabel(say.SaveAnyway)).ToBeVisibleAsync();
        Assert.DoesNotContain(console.World.Calls, c => c.StartsWith("save-provider", StringComparison.Ordinal));
        await Picture.TakeAsync(page, $"provider-dialog-{language}-{width}");

        console.World.ProviderTest = good;
        await dialog.GetByLabel(say.IssuerWord).FillAsync("https://id.escolas.pt/");
        await PressAsync(Button(dialog, say.TestProvider));
        await Expect(dialog).ToContainTextAsync(say.ProviderTestGood(good));
        foreach (var named in new[] { good.Document, good.AuthorizationEndpoint, good.TokenEndpoint, good.UserinfoEndpoint, "ES256 2026-b" }) await Expect(dialog).ToContainTextAsync(named);
        await dialog.GetByText(good.Document).ScrollIntoViewIfNeededAsync();
        await Picture.TakeAsync(page, $"provider-tested-{language}-{width}");
        await PressAsync(Button(dialog, say.AddProvider));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Escolas" })).ToBeVisibleAsync();
        Assert.Contains("save-provider Escolas https://id.escolas.pt/ CN=prof,DC=escolas=Professores", console.World.Calls);

        // Groups that are mapped no more are named before saving; another issuer asks for the secret again.
        await PressAsync(Button(page, say.ChangeProviderOf("Autenticação da Câmara")));
        await Ready.DialogAsync(page);
        await PressAsync(Button(dialog, say.RemoveMappedGroup(2)));
        await Expect(dialog).ToContainTextAsync(say.ProviderRemovesGroups(1));
        await dialog.GetByLabel(say.IssuerWord).FillAsync("https://login2.cm-montalegre.pt");
        await PressAsync(Button(dialog, say.Save));
        await Expect(dialog.Locator(".mud-input-helper-text.mud-input-error")).ToContainTextAsync(say.WrongClientSecret);
        await dialog.GetByLabel(say.ClientSecretWord).FillAsync("not a secret");
        await PressAsync(Button(dialog, say.Save));
        await Expect(dialog).ToHaveCountAsync(0);
        Assert.Contains("save-provider Autenticação da Câmara https://login2.cm-montalegre.pt 7c4-urbanismo=Urbanismo", console.World.Calls);

        await PressAsync(Button(page, say.RemoveProviderOf("Autenticação da Câmara")));
        await Ready.DialogAsync(page);
        await Expect(dialog).ToContainTextAsync(say.ProviderRemovesPeople(63));
        await Expect(dialog).ToContainTextAsync(say.RemoveProviderLeaves);
        await Picture.TakeAsync(page, $"provider-remove-{language}-{width}");
        await PressAsync(Button(dialog, say.RemoveDirectoryWord));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Autenticação da Câmara" })).ToHaveCountAsync(0);
    }

    // A key on a button that is not enabled yet does nothing.
    private static async Task PressAsync(ILocator button)
    {
        await Expect(button).ToBeEnabledAsync();
        await button.PressAsync("Enter");
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static ILocator Button(ILocator within, string name) => within.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
