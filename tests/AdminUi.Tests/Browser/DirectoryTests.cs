using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>A directory is tried, saved, read, changed and removed; what is wrong stands at its field.</summary>
public sealed class DirectoryTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task A_directory_is_tried_before_it_is_saved_read_changed_and_removed_and_errors_stand_at_their_fields(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/directories");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(page.Locator("main")).ToContainTextAsync(say.StepFailed(DirectoryStep.Certificate));
        await Picture.TakeAsync(page, $"directories-{language}-{width}");

        await Button(page, say.AddDirectory).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.AddDirectory, Exact = true }).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.WrongServers);
        await Expect(dialog).ToContainTextAsync(say.BindPasswordNeeded);
        await dialog.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Escolas");
        await dialog.GetByLabel(say.ServersWord).FillAsync("dc.escolas.pt");
        await dialog.GetByLabel(say.BaseDnWord).FillAsync("DC=escolas,DC=pt");
        await dialog.GetByLabel(say.BindDnWord, new() { Exact = true }).FillAsync("leitura@escolas.pt");
        await dialog.GetByLabel(say.BindPasswordWord).FillAsync("not a secret");
        console.World.DirectoryTest = new() { FailedStep = DirectoryStep.Bind, Server = "dc.escolas.pt:636", Problem = "invalid credentials" };
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.AddDirectory, Exact = true }).ClickAsync();
        await Expect(dialog.Locator(".mud-input-helper-text.mud-input-error")).ToContainTextAsync(say.StepFailed(DirectoryStep.Bind));
        await Expect(dialog.GetByLabel(say.SaveAnyway)).ToBeVisibleAsync();
        Assert.DoesNotContain(console.World.Calls, c => c.StartsWith("save-directory", StringComparison.Ordinal));
        await Picture.TakeAsync(page, $"directory-dialog-{language}-{width}");
        console.World.DirectoryTest = new() { Server = "dc.escolas.pt:636", People = 40, Groups = 3 };
        await dialog.GetByLabel(say.BindDnWord, new() { Exact = true }).FillAsync("leitor@escolas.pt");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.TestConnection, Exact = true }).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.DirectoryTestGood(console.World.DirectoryTest));
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.AddDirectory, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Escolas" })).ToBeVisibleAsync();
        Assert.Contains("save-directory Escolas dc.escolas.pt", console.World.Calls);

        // Another server and no password: the broker's refusal stands at the password, and the test comes before it.
        await Button(page, say.ChangeDirectoryOf("Escolas")).ClickAsync();
        await dialog.GetByLabel(say.ServersWord).FillAsync("dc2.escolas.pt");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog.Locator(".mud-input-helper-text.mud-input-error")).ToContainTextAsync(say.WrongBindPassword);
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Cancel, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);

        await Button(page, say.SyncOf("Município")).ClickAsync();
        await Expect(page.Locator(".mud-snackbar").Last).ToContainTextAsync(say.SyncDone("Município", new() { Disabled = 2, MembersAdded = 5, MembersRemoved = 1 }));

        await Button(page, say.RemoveDirectoryOf("Município")).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.RemovesPeople(214));
        await Expect(dialog).ToContainTextAsync(say.RemovesGroups(31));
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.RemoveDirectoryWord, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Município" })).ToHaveCountAsync(0);
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
