using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>An authority of certificates is added, tried, linked to people and removed; what is wrong stands at its field.</summary>
public sealed class CertificateTests(Chromium chromium)
{
    private const string Pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";

    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task An_authority_is_added_tried_linked_and_removed(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/directories");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(page.Locator("main")).ToContainTextAsync(say.NoCertificateAuthorities);

        await Button(page, say.AddCertificateAuthority).ClickAsync();
        var save = dialog.GetByRole(AriaRole.Button, new() { Name = say.AddCertificateAuthority, Exact = true });
        await save.ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.WrongAuthorityName);
        await Expect(dialog).ToContainTextAsync(say.WrongAuthorities);
        await dialog.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Cartão de Cidadão");
        await dialog.GetByLabel(say.CertificatesPemWord).FillAsync(Pem);
        await dialog.GetByLabel(say.CertificateNamesByWord).SelectOptionAsync(nameof(CertificateNamesBy.SubjectSerialNumber));
        await dialog.GetByLabel(say.CertificateRevocationWord).SelectOptionAsync(nameof(CertificateRevocation.Off));
        await Expect(dialog).ToContainTextAsync(say.CertificateRevocationOffEffect);
        await dialog.GetByLabel(say.CertificateRevocationWord).SelectOptionAsync(nameof(CertificateRevocation.Online));
        await dialog.GetByLabel(say.CertificatePatternWord).FillAsync("(");
        await save.ClickAsync();
        await Expect(dialog.Locator(".mud-input-helper-text.mud-input-error")).ToBeVisibleAsync();
        await Picture.TakeAsync(page, $"certificate-dialog-{language}-{width}");
        await dialog.GetByLabel(say.CertificatePatternWord).FillAsync("BI[0-9]+");
        await dialog.GetByLabel(say.CertificateBothFactorsLabel).CheckAsync();
        await save.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Cartão de Cidadão" })).ToBeVisibleAsync();
        Assert.Equal((CertificateNamesBy.SubjectSerialNumber, true), (console.World.CertificateAuthorities[0].NamesBy, console.World.CertificateAuthorities[0].BothFactors));

        await Button(page, say.LinkPersonOf("Cartão de Cidadão")).ClickAsync();
        await dialog.GetByLabel(say.CertificateValueWord).FillAsync("BI00000000");
        await dialog.GetByLabel(say.UserName, new() { Exact = true }).FillAsync("ana.martins");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.LinkPerson, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        Assert.Equal("ana.martins", console.World.CertificateLinks.Single().UserName);
        await Button(page, say.LinkPersonOf("Cartão de Cidadão")).ClickAsync();
        await Expect(dialog).ToContainTextAsync("BI00000000");
        await Picture.TakeAsync(page, $"certificate-links-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.UnlinkOf("BI00000000") }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.UnlinkOf("BI00000000") })).ToHaveCountAsync(0);
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Cancel, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);

        await Button(page, say.TryCertificate).ClickAsync();
        await dialog.GetByLabel(say.CertificatePemWord).FillAsync(Pem);
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.TryCertificate, Exact = true }).ClickAsync();
        await Expect(dialog).ToContainTextAsync(ReasonTexts.Sentence(ReasonCode.CertificateUnknown, say.Culture));
        await Picture.TakeAsync(page, $"certificate-test-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Cancel, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Picture.TakeAsync(page, $"certificates-{language}-{width}");

        await Button(page, say.RemoveCertificateAuthority("Cartão de Cidadão")).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.RemoveAuthorityLeaves);
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.RemoveDirectoryWord, Exact = true }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync(say.NoCertificateAuthorities);
    }

    private static ILocator Button(IPage page, string name) => page.Locator("main").GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
