using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>Portuguese as it is typed on a Portuguese keyboard, dead keys and AltGr included, through browser, worker and xrdp into a file.</summary>
public sealed class RealKeysTests(Browser browser, WritingMachine machine) : IClassFixture<Browser>, IClassFixture<WritingMachine>
{
    [Fact]
    public async Task Portuguese_keyboard_writes_portuguese_with_dead_keys_and_altgr()
    {
        machine.Require();
        await using var door = await RealDoor.OpenAsync(tickets => tickets.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password));
        var desktop = await DesktopPage.OpenAsync(browser, door.Rig);
        await Expect(desktop.Cover).ToBeHiddenAsync(new() { Timeout = 120_000 });
        var keys = desktop.Page.Keyboard;
        await desktop.Page.Mouse.MoveAsync(300, 300);

        // A terminal that has just started may miss a first key.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            foreach (var key in new[] { "KeyI", "Enter" }) await keys.PressAsync(key);
            return await Eventually.IsTrueAsync(() => machine.Typed.Contains("i\n", StringComparison.Ordinal), TimeSpan.FromSeconds(2));
        }, TimeSpan.FromMinutes(2)), machine.Logs);

        // A key that is held while the desktop stands still may repeat there: the line is typed until it is whole.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            foreach (var key in new[] { "KeyO", "KeyL", "BracketRight", "KeyA", "Space", "Semicolon", "Backslash", "KeyA", "KeyO", "Space" }) await keys.PressAsync(key);
            await keys.DownAsync("AltRight");
            await keys.PressAsync("Digit2");
            await keys.PressAsync("KeyE");
            await keys.UpAsync("AltRight");
            await keys.DownAsync("ShiftLeft");
            await keys.PressAsync("Digit7");
            await keys.UpAsync("ShiftLeft");
            await keys.PressAsync("Enter");
            return await Eventually.IsTrueAsync(() => machine.Typed.Contains("olá ção @€/\n", StringComparison.Ordinal), TimeSpan.FromSeconds(20));
        }, TimeSpan.FromMinutes(2)), $"'{machine.Typed}' was typed; layout {machine.Layout}");
    }

    [Fact]
    public async Task Characters_that_no_key_of_the_desktop_has_arrive_all_the_same()
    {
        machine.Require();
        await using var door = await RealDoor.OpenAsync(tickets => tickets.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password));
        var desktop = await DesktopPage.OpenAsync(browser, door.Rig, 390, 844, touch: true);
        await Expect(desktop.Cover).ToBeHiddenAsync(new() { Timeout = 120_000 });
        await desktop.Page.Locator("#keyboard-button").TapAsync();
        await Expect(desktop.Page.Locator("#typing")).ToBeFocusedAsync();
        // A terminal that has just started may miss a first key.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            await desktop.Page.Keyboard.InsertTextAsync("é€日");
            await desktop.Page.Keyboard.InsertTextAsync("\n");
            return await Eventually.IsTrueAsync(() => machine.Typed.Contains("é€日\n", StringComparison.Ordinal), TimeSpan.FromSeconds(3));
        }, TimeSpan.FromMinutes(2)), $"'{machine.Typed}' was typed. {machine.Logs}");
    }
}
