using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.AdminUi.Words;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;

/// <summary>Keys for programs are made, shown once, and revoked.</summary>
public sealed class KeyTests(Chromium chromium)
{
    [Theory]
    [InlineData(1280, "pt-PT")]
    [InlineData(390, "en-GB")]
    public async Task A_key_is_made_shown_once_and_revoked(int width, string language)
    {
        await using var console = await RunningConsole.StartAsync();
        console.World.ApiKeys.Clear();
        var page = await chromium.OpenAsync(console, width, 900, language, path: "/api-keys");
        await Ready.PageAsync(page);
        var say = new Language(new(language));
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(page.GetByText(say.NoApiKeys)).ToBeVisibleAsync();
        await Picture.TakeAsync(page, $"keys-none-{language}-{width}");

        await Button(page, say.MakeKey).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.KeyNeverMore);
        await dialog.GetByLabel(say.NameWord).FillAsync("Cópias");
        await Expect(dialog).ToContainTextAsync(say.WrongKeyName);
        await dialog.GetByLabel(say.NameWord).FillAsync("copias-noturnas");
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.RoleWord, Exact = true }).SelectOptionAsync("auditor");
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.WhereWord, Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "Urbanismo" });
        await dialog.GetByRole(AriaRole.Combobox, new() { Name = say.KeyLives, Exact = true }).SelectOptionAsync("30");
        await Picture.TakeAsync(page, $"key-dialog-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.MakeKey, Exact = true }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Textbox, new() { Name = say.KeySecret, Exact = true })).ToHaveValueAsync(FakeApiKeys.Secret);
        await Picture.TakeAsync(page, $"key-shown-{language}-{width}");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.Close, Exact = true }).ClickAsync();
        Assert.Contains(console.World.Calls, c => c.StartsWith("make-key copias-noturnas auditor p-", StringComparison.Ordinal) && c.EndsWith(" 30", StringComparison.Ordinal));

        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "copias-noturnas" })).ToContainTextAsync(say.KeyNeverUsed);
        await Expect(page.Locator("body")).Not.ToContainTextAsync(FakeApiKeys.Secret);
        console.World.ApiKeys.Add(new() { ApiKeyId = "key-9", Name = "relatorios", Role = "read_only", MadeBy = "rui", MakerDisplayName = "Rui Costa", ExpiresAt = DateTimeOffset.UtcNow.AddDays(-1).ToTimestamp(), Expired = true, LastUsedAt = DateTimeOffset.UtcNow.AddDays(-2).ToTimestamp(), LastUsedFrom = "10.0.4.7" });
        await page.ReloadAsync();
        await Ready.PageAsync(page);
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "relatorios" })).ToContainTextAsync(say.ExpiredKey);
        await Picture.TakeAsync(page, $"keys-{language}-{width}");
        await Button(page, say.RevokeKey("copias-noturnas")).ClickAsync();
        await Expect(dialog).ToContainTextAsync(say.RevokeKeyTouches);
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.RevokeWord, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "copias-noturnas" })).ToHaveCountAsync(0);
        Assert.Equal("relatorios", Assert.Single(console.World.ApiKeys).Name);
    }

    [Fact]
    public async Task Who_may_make_keys_of_one_pool_only_makes_one_for_it_without_reading_who_holds_roles()
    {
        await using var console = await RunningConsole.StartAsync();
        console.World.ApiKeys.Clear();
        console.World.Roles.Add(new() { Name = "pool_keys", Permissions = { "pools.read", "api_keys.read", "api_keys.manage" } });
        var grant = console.World.Grants[0];
        (grant.Role, grant.ScopePoolId) = ("pool_keys", "p-urb");
        var page = await chromium.OpenAsync(console, 1280, 900, "pt-PT", path: "/api-keys");
        await Ready.PageAsync(page);
        var say = new Language(new("pt-PT"));
        var dialog = page.GetByRole(AriaRole.Dialog);

        await Button(page, say.MakeKey).ClickAsync();
        var role = dialog.GetByRole(AriaRole.Combobox, new() { Name = say.RoleWord, Exact = true });
        await Expect(role).ToHaveValueAsync("pool_keys");   // what he holds himself, and nothing else
        await Expect(role.Locator("option")).ToHaveCountAsync(1);
        await Expect(dialog.Locator("[role=alert]")).ToHaveCountAsync(0);
        await dialog.GetByLabel(say.NameWord).FillAsync("inventario-urb");
        await Picture.TakeAsync(page, "key-of-one-pool-pt-PT-1280");
        await dialog.GetByRole(AriaRole.Button, new() { Name = say.MakeKey, Exact = true }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Textbox, new() { Name = say.KeySecret, Exact = true })).ToHaveValueAsync(FakeApiKeys.Secret);
        Assert.Equal("p-urb", Assert.Single(console.World.ApiKeys).PoolId);
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
