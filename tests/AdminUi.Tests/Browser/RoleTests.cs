using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Roles are made, given and taken away, and each page offers what they allow.</summary>
public sealed class RoleTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task A_role_is_made_given_for_one_pool_taken_away_and_deleted_and_the_last_administrator_stays(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/roles");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Picture.TakeAsync(page, $"roles-{language}-{width}");

        await Button(page, say.CreateRole).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.NothingGiven);
        await dialog.GetByLabel(say.RoleName).FillAsync("Piquete");
        await Expect(dialog).ToContainTextAsync(say.WrongRoleName);
        await dialog.GetByLabel(say.RoleName).FillAsync("piquete");
        await dialog.GetByRole(AriaRole.Group, new() { Name = say.Machines, Exact = true }).GetByLabel(say.PermissionVerb("machines.operate")).CheckAsync();
        await Picture.TakeAsync(page, $"role-dialog-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Save, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "piquete" })).ToBeVisibleAsync();
        Assert.Contains("set-role piquete machines.operate", console.World.Calls);

        await Button(page, say.GiveRole).ClickAsync();
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.RoleWord, Exact = true }).SelectOptionAsync("piquete");
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.WhereWord, Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "Urbanismo" });
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.PersonOrGroup, Exact = true }).FillAsync("carla");
        await dialog.Locator(".found").GetByRole(AriaRole.Option).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.Reach(new() { Pools = 1, Machines = 12, Sessions = 3 }));
        await Picture.TakeAsync(page, $"grant-dialog-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.GiveRole, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Carla Antunes" })).ToBeVisibleAsync();

        await Button(page, say.DeleteOf("piquete")).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.DeleteRoleHeld(1));
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = say.DeleteWord, Exact = true })).ToBeDisabledAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Cancel, Exact = true }).ClickAsync();
        await Button(page, say.TakeAwayOf("Carla Antunes", "piquete")).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.Reach(new() { Pools = 1, Machines = 12, Sessions = 3 }));
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.TakeAwayWord, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Carla Antunes" })).ToHaveCountAsync(0);

        var group = console.World.Groups[0];
        await Button(page, say.GiveRole).ClickAsync();
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.PersonOrGroup, Exact = true }).FillAsync(group.Name);
        await dialog.Locator(".found").GetByRole(AriaRole.Option).First.ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.AffectsMembers(group.Name, group.Members));
        await Picture.TakeAsync(page, $"grant-group-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.GiveRole, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = group.Name })).ToContainTextAsync(say.MembersOf(group.Members));
        await Picture.TakeAsync(page, $"roles-group-{language}-{width}");
        await Button(page, say.TakeAwayOf(group.Name, say.RoleOf("read_only"))).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.TakeAwayWord, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = group.Name })).ToHaveCountAsync(0);

        await Button(page, say.GiveRole).ClickAsync();
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.RoleWord, Exact = true }).SelectOptionAsync("help_desk");
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.WhereWord, Exact = true }).SelectOptionAsync($"people:{group.GroupId}");
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.PersonOrGroup, Exact = true }).FillAsync("carla");
        await dialog.Locator(".found").GetByRole(AriaRole.Option).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.Reach(new() { ScopeGroupId = group.GroupId, People = group.Members, Machines = 1, Sessions = 1 }));
        await Picture.TakeAsync(page, $"grant-people-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.GiveRole, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = say.PeopleOf(group.Name) })).ToBeVisibleAsync();
        await Picture.TakeAsync(page, $"roles-people-{language}-{width}");
        await Button(page, say.TakeAwayOf("Carla Antunes", say.RoleOf("help_desk"))).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.PeopleOf(group.Name));
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.TakeAwayWord, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = say.PeopleOf(group.Name) })).ToHaveCountAsync(0);

        await Button(page, say.TakeAwayOf("Rita Admin", say.AdministratorWord)).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.TakeAwayWord, Exact = true }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar").Last).ToContainTextAsync(Contracts.ReasonTexts.Sentence(Contracts.Common.V1.ReasonCode.LastAdministrator, say.Culture));
        Assert.Single(console.World.Grants);
    }

    // Nothing that a role opens is refused on the way in, and nothing it may not do is offered.
    [Theory]
    [InlineData("help_desk", 4, "pools.manage")]
    [InlineData("pool_operator", 7, "users.manage")]
    public async Task What_a_role_may_not_do_is_not_offered_and_said_with_its_reason_when_asked_for_by_address(string role, int atLeast, string closed)
    {
        await using var console = await RunningConsole.StartAsync();
        var grant = console.World.Grants[0];
        (grant.Role, grant.UserName) = (role, "rita");
        var page = await chromium.OpenAsync(console);
        await Ready.PageAsync(page);
        var say = new Language(new("pt-PT"));
        await Expect(page.Locator("#side a").Nth(atLeast - 1)).ToBeVisibleAsync();
        await Expect(page.Locator("#side").GetByRole(AriaRole.Link, new() { Name = say.RolesWord })).ToHaveCountAsync(0);
        await Expect(page.Locator("#side").GetByRole(AriaRole.Link, new() { Name = say.AuditLog })).ToHaveCountAsync(0);
        foreach (var path in await page.Locator("#side a").EvaluateAllAsync<string[]>("links => links.map(l => l.getAttribute('href'))"))
        {
            await page.GotoAsync(path);
            await Ready.PageAsync(page);
            await Expect(page.Locator("main .problem[role=alert]")).ToHaveCountAsync(0);
        }
        await page.GotoAsync("/users/ana.martins");
        await Ready.PageAsync(page);
        await Expect(page.Locator("main .problem[role=alert]")).ToHaveCountAsync(0);
        await Expect(Button(page, say.DisableUser)).ToHaveCountAsync(0);
        await Expect(Button(page, say.ResetPassword)).ToHaveCountAsync(role == "help_desk" ? 1 : 0);
        await page.GotoAsync("/pools/p-balcao");
        await Ready.PageAsync(page);
        await Expect(page.Locator("main .problem[role=alert]")).ToHaveCountAsync(0);
        await Expect(Button(page, say.DeletePool)).ToHaveCountAsync(closed == "pools.manage" ? 0 : 1);

        await page.GotoAsync("/audit");
        await Expect(page.Locator("main .problem[role=alert]")).ToContainTextAsync("PERMISSION_MISSING");
        await Picture.TakeAsync(page, $"closed-{role}");

        // A right taken away while the page is open: the refusal is said, and then the page offers it no more.
        if (role != "help_desk") return;
        await page.GotoAsync("/machines/m-balcao-1");
        await Ready.PageAsync(page);
        await Button(page, say.Restart).ClickAsync();
        grant.Role = "read_only";
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = say.Restart, Exact = true }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("machines.operate");
        await Expect(Button(page, say.Restart)).ToHaveCountAsync(0);
        Assert.DoesNotContain("restart balcao-1", console.World.Calls);
    }

    // Help desk of one person: what she uses is shown and may be acted on, nothing else is, and nothing offered is refused.
    [Fact]
    public async Task A_role_over_people_is_offered_what_it_allows_on_them_and_nothing_on_others()
    {
        await using var console = await RunningConsole.StartAsync();
        var world = console.World;
        var (session, other) = (world.Sessions.Find("s-balcao-1")!, world.Sessions.Find("s-balcao-2")!);
        world.Members["g-1"] = [world.Users.Single(u => u.UserName == session.UserName)];
        (world.Grants[0].Role, world.Grants[0].UserName, world.Grants[0].ScopeGroupId) = ("help_desk", "rita", "g-1");
        var page = await chromium.OpenAsync(console);
        await SettledAsync(page);
        var say = new Language(new("pt-PT"));
        await Picture.TakeAsync(page, "people-dashboard");
        var side = await page.Locator("#side a").EvaluateAllAsync<string[]>("links => links.map(l => l.getAttribute('href'))");
        var lists = new Dictionary<string, (string Theirs, string Others)>
        {
            ["/users"] = (session.DisplayName, other.DisplayName), ["/sessions"] = (session.DisplayName, other.DisplayName), ["/machines"] = (session.MachineName, other.MachineName),
        };
        Assert.Empty(lists.Keys.Except(side));
        foreach (var path in side)
        {
            await page.GotoAsync(path);
            await SettledAsync(page);
            await Expect(page.Locator("main .problem[role=alert]")).ToHaveCountAsync(0);
            if (!lists.TryGetValue(path, out var names)) continue;
            await Expect(page.Locator("main").GetByText(names.Theirs, new() { Exact = true }).First).ToBeVisibleAsync();
            await Expect(page.Locator("main").GetByText(names.Others, new() { Exact = true })).ToHaveCountAsync(0);
            await Picture.TakeAsync(page, $"people{path.Replace('/', '-')}");
        }

        await page.GotoAsync($"/users/{session.UserName}");
        await Ready.PageAsync(page);
        await Expect(Button(page, say.ResetPassword)).ToHaveCountAsync(1);
        await Expect(Button(page, say.DisableUser)).ToHaveCountAsync(0);
        await Expect(page.Locator("main .problem[role=alert]")).ToHaveCountAsync(0);
        await page.GotoAsync($"/machines/{session.MachineId}");
        await Ready.PageAsync(page);
        await Expect(Button(page, say.Restart)).ToHaveCountAsync(1);
        await Expect(page.Locator("main .problem[role=alert]")).ToHaveCountAsync(0);
        await page.GotoAsync($"/sessions/{session.SessionId}");
        await Ready.PageAsync(page);
        await Expect(page.Locator("main .problem[role=alert]")).ToHaveCountAsync(0);
        await Button(page, say.Disconnect).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = say.Disconnect, Exact = true }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar")).ToBeVisibleAsync();
        Assert.Contains($"disconnect {session.UserName}", world.Calls);

        // By address: what is not theirs is not there.
        foreach (var path in new[] { $"/sessions/{other.SessionId}", $"/machines/{other.MachineId}", $"/users/{other.UserName}", "/pools/p-balcao" })
        {
            await page.GotoAsync(path);
            await SettledAsync(page);
            await Expect(page.Locator("main")).Not.ToContainTextAsync(other.DisplayName);
            foreach (var action in new[] { say.Disconnect, say.LogOff, say.Restart, say.ResetPassword, say.DeletePool }) await Expect(Button(page, action)).ToHaveCountAsync(0);
        }
        await Picture.TakeAsync(page, "people-pool-by-address");
    }

    // Somebody who sees no pools sees none of the rows that other tests wait for.
    private static async Task SettledAsync(IPage page)
    {
        await page.Locator("main h1").WaitForAsync();
        await page.WaitForFunctionAsync("() => !document.querySelector('main [role=status].empty')");
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
