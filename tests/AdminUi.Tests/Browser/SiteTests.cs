using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Sites are made, hosts and pools are put there, and a role is given at one of them.</summary>
public sealed class SiteTests(Chromium chromium)
{
    [Theory]
    [InlineData(1440, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task A_site_is_made_a_host_and_a_pool_come_to_it_a_role_is_given_there_and_what_is_there_keeps_it(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var (world, say) = (console.World, new Language(new(language)));
        world.Sites.Clear();
        world.Hosts.ForEach(h => (h.SiteId, h.SiteName) = ("", ""));
        world.Pools.Find("p-man")!.SiteId = "";
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/sites");
        await Ready.PageAsync(page);
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(page.Locator("main")).ToContainTextAsync(say.NoSites);
        await Picture.TakeAsync(page, $"sites-empty-{language}-{width}");

        await Button(page, say.CreateSite).ClickAsync();
        await dialog.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Paços do Concelho");
        await Picture.TakeAsync(page, $"site-dialog-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Create, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "Paços do Concelho" })).ToBeVisibleAsync();

        // A pool goes together with its hosts, and there are none at the new site yet.
        await MoveAsync();
        await Expect(dialog).ToContainTextAsync(say.NoHostsAtSite("Paços do Concelho"));
        await Expect(dialog).ToContainTextAsync(say.ChooseHost);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true })).ToBeDisabledAsync();
        await Picture.TakeAsync(page, $"site-pool-no-hosts-{language}-{width}");
        foreach (var host in new[] { "host-1", "host-2" })
        {
            await page.GotoAsync($"/hosts/{host}");
            await Ready.PageAsync(page);
            await Button(page, say.SiteWord).ClickAsync();
            await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.SiteWord, Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "Paços do Concelho" });
            await Picture.TakeAsync(page, $"site-host-{language}-{width}");
            await dialog.GetByRole(AriaRole.Button, new() { Name = say.SaveSite, Exact = true }).ClickAsync();
            await Expect(page.Locator("dl")).ToContainTextAsync("Paços do Concelho");
        }
        await MoveAsync();       // what it has and is there by now stays chosen
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        Assert.Contains("pool-site Balcão único Paços do Concelho", world.Calls);

        await page.GotoAsync("/roles");
        await Ready.PageAsync(page);
        await Button(page, say.GiveRole).ClickAsync();
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.RoleWord, Exact = true }).SelectOptionAsync("pool_operator");
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.WhereWord, Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = say.AtSite("Paços do Concelho") });
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.PersonOrGroup, Exact = true }).FillAsync("carla");
        await dialog.Locator(".found").GetByRole(AriaRole.Option).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.Reach(new() { ScopeSiteId = "x", Hosts = 2, Pools = 1, Machines = 4, Sessions = 1 }));
        await Picture.TakeAsync(page, $"site-grant-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.GiveRole, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = say.AtSite("Paços do Concelho") })).ToBeVisibleAsync();

        await page.GotoAsync("/sites");
        await Ready.PageAsync(page);
        await Picture.TakeAsync(page, $"sites-{language}-{width}");
        await Button(page, say.DeleteSiteOf("Paços do Concelho")).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.DeleteSiteUsed(new() { Hosts = 2, Pools = 1, Grants = 1 }));
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.DeleteSite, Exact = true })).ToBeDisabledAsync();
        await Picture.TakeAsync(page, $"site-held-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Cancel, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        Assert.Single(world.Sites);
        await page.GetByRole(AriaRole.Link, new() { Name = $"{say.Pools}, Paços do Concelho" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Balcão único" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Urbanismo" })).ToHaveCountAsync(0);

        async Task MoveAsync()
        {
            await page.GotoAsync("/pools/p-balcao");
            await Ready.PageAsync(page);
            await Button(page, say.EditPool).ClickAsync();
            await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.SiteWord, Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "Paços do Concelho" });
            await Expect(dialog).ToContainTextAsync(say.PoolSiteEffect("Paços do Concelho"));
        }
    }

    // One step, as with the command line: the site and hosts that are there, and what that does is said before.
    [Theory]
    [InlineData(1440, "en-GB")]
    [InlineData(390, "pt-PT")]
    public async Task A_pool_goes_to_another_site_with_hosts_of_that_site_in_one_step(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var (world, say) = (console.World, new Language(new(language)));
        world.Hosts.ForEach(h => (h.SiteId, h.SiteName) = h.HostId == "host-1" ? ("site-1", "Paços do Concelho") : ("site-2", "Biblioteca"));
        var pool = world.Pools.Find("p-balcao")!.Clone();
        (pool.SiteId, pool.SiteName) = ("site-1", "Paços do Concelho");
        pool.Hosts.Clear();
        pool.Hosts.Add(new Contracts.Admin.V1.PoolHost { HostId = "host-1", Name = "anfitriao-a" });
        world.Pools.Put(pool);
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/pools/p-balcao");
        await Ready.PageAsync(page);
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Button(page, say.EditPool).ClickAsync();
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.SiteWord, Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "Biblioteca" });
        await Expect(dialog.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(1);
        await Expect(dialog).ToContainTextAsync(say.ChooseHost);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true })).ToBeDisabledAsync();
        await dialog.GetByRole(AriaRole.Checkbox, new() { NameRegex = new("anfitriao-b") }).CheckAsync();
        await Expect(dialog).ToContainTextAsync(say.PoolHostsEffect(["anfitriao-b"]));
        await Expect(dialog).ToContainTextAsync(say.PoolSiteEffect("Biblioteca"));
        await Picture.TakeAsync(page, $"site-pool-move-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(page.Locator("main")).ToContainTextAsync("Biblioteca");
        var moved = world.Pools.Find("p-balcao")!;
        Assert.Equal(("site-2", "host-2"), (moved.SiteId, Assert.Single(moved.Hosts).HostId));
    }

    // The operator of one site sees its hosts by site, makes pools there and only there, and is refused nothing on the way.
    [Fact]
    public async Task Operator_of_a_site_makes_a_pool_there_and_is_offered_no_other_place()
    {
        await using var console = await RunningConsole.StartAsync();
        var (world, say) = (console.World, new Language(new("pt-PT")));
        (world.Grants[0].Role, world.Grants[0].UserName, world.Grants[0].ScopeSiteId) = ("pool_operator", "rita", "site-1");
        var page = await chromium.OpenAsync(console, 1440, 900, "pt-PT", path: "/pools");
        await Ready.PageAsync(page);
        foreach (var path in await page.Locator("#side a").EvaluateAllAsync<string[]>("links => links.map(l => l.getAttribute('href'))"))
        {
            await page.GotoAsync(path);
            await Ready.PageAsync(page);
            await Expect(page.Locator("main .problem[role=alert]")).ToHaveCountAsync(0);
        }
        await page.GotoAsync("/hosts/host-1");
        await Ready.PageAsync(page);
        await Expect(Button(page, say.HostDrain)).ToHaveCountAsync(0);       // an operator of pools manages no hosts
        await page.GotoAsync("/pools");
        await Ready.PageAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = say.CreatePool }).ClickAsync();
        var site = page.GetByRole(AriaRole.Combobox, new() { Name = say.SiteWord, Exact = true });
        await Expect(site.Locator("option")).ToHaveTextAsync(["Paços do Concelho"]);
        await page.GetByLabel(say.NameWord, new() { Exact = true }).FillAsync("Atendimento");
        await page.GetByRole(AriaRole.Radio, new() { Name = say.Kind(Contracts.Admin.V1.PoolKind.Manual) }).CheckAsync();
        await Expect(page.Locator("main")).ToContainTextAsync(say.SiteOfNewPool("Paços do Concelho"));
        await Picture.TakeAsync(page, "site-wizard");
        foreach (var step in new[] { 3, 4, 5 }) await Wizard.NextAsync(page, step);      // no image for computers that are there already
        await Wizard.CreateAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Atendimento");
        Assert.Equal("site-1", world.Pools.All.Single(p => p.Name == "Atendimento").SiteId);
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
