using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Endpoints are named by their networks, and a role is given over what is used from there.</summary>
public sealed class EndpointTests(Chromium chromium)
{
    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task Endpoints_are_made_and_changed_by_their_networks_a_role_is_given_over_them_and_it_keeps_them(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var (world, say) = (console.World, new Language(new(language)));
        world.Endpoints.Clear();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/endpoints");
        await Ready.PageAsync(page);
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(page.Locator("main")).ToContainTextAsync(say.NoEndpoints);
        await Picture.TakeAsync(page, $"endpoints-empty-{language}-{width}");

        await Button(page, say.CreateEndpoints).ClickAsync();
        await dialog.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Escola");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Create, Exact = true }).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.WrongNetworks);
        await dialog.GetByLabel(say.NetworksWord, new() { Exact = true }).FillAsync("10.40.0.0/16\nescola");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Create, Exact = true }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert).First).ToContainTextAsync(say.WrongNetworks);
        await Picture.TakeAsync(page, $"endpoints-dialog-{language}-{width}");
        await dialog.GetByLabel(say.NetworksWord, new() { Exact = true }).FillAsync("10.40.0.0/16\n2001:db8:9::/48");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Create, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "Escola" })).ToContainTextAsync("2001:db8:9::/48");

        await page.GotoAsync("/roles");
        await Ready.PageAsync(page);
        await Button(page, say.GiveRole).ClickAsync();
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.RoleWord, Exact = true }).SelectOptionAsync("help_desk");
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.WhereWord, Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = say.FromEndpoints("Escola") });
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.PersonOrGroup, Exact = true }).FillAsync("carla");
        await dialog.Locator(".found").GetByRole(AriaRole.Option).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.Reach(new() { ScopeEndpointGroupId = "x", Sessions = 3, Machines = 3 }));
        await Picture.TakeAsync(page, $"endpoints-grant-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.GiveRole, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = say.FromEndpoints("Escola") })).ToBeVisibleAsync();

        await page.GotoAsync("/endpoints");
        await Ready.PageAsync(page);
        await Picture.TakeAsync(page, $"endpoints-{language}-{width}");
        await Button(page, say.ChangeEndpointsOf("Escola")).ClickAsync();
        await dialog.GetByLabel(say.NetworksWord, new() { Exact = true }).FillAsync("10.41.0.0/16");
        await Expect(dialog).ToContainTextAsync(say.NetworksEffect(1));
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "Escola" })).ToContainTextAsync("10.41.0.0/16");
        await Button(page, say.DeleteEndpointsOf("Escola")).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.DeleteEndpointsUsed(1));
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.DeleteEndpoints, Exact = true })).ToBeDisabledAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Cancel, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        world.Grants.RemoveAll(g => g.ScopeEndpointGroupId.Length > 0);
        await Button(page, say.DeleteEndpointsOf("Escola")).ClickAsync();       // what is used is asked again, for another may have taken the role away
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.DeleteEndpoints, Exact = true }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync(say.NoEndpoints);
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
