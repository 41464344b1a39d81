using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.FrontEnd;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>What a browser's keys and wheel become in a real desktop.</summary>
public sealed class InputTests(ListeningMachine machine) : IClassFixture<ListeningMachine>
{
    private const byte A = 0x1E, B = 0x30, Control = 0x1D;
    private const int Up = 4, Down = 5, Left = 6, Right = 7;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Pause_key_arrives_as_pause_and_nothing_else()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = await ListenedToAsync(gateway, redeemer);
        var before = machine.Keys.Count;
        await browser.SendAsync([(byte)BrowserMessage.Key, 4, Control]);
        await browser.SendAsync([(byte)BrowserMessage.Key, 5, Control]);
        await PressAsync(browser, B);
        Assert.True(await Eventually.IsTrueAsync(() => machine.Keys.Skip(before).Contains("b"), Patience), string.Join(' ', machine.Keys));
        Assert.Equal(["Pause", "b"], machine.Keys.Skip(before).Where(k => k != "a"));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Small_turns_of_the_wheel_add_up_to_whole_notches_in_both_directions()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = await ListenedToAsync(gateway, redeemer);
        var before = machine.Buttons.Count;
        for (var i = 0; i < 52; i++) await browser.WheelAsync(300, 300, 7);        // 364: three notches and a rest of 4
        for (var i = 0; i < 3; i++) await browser.WheelAsync(300, 300, -83);       // 4 - 249: two notches back
        for (var i = 0; i < 5; i++) await browser.WheelAsync(300, 300, 0, 50);     // 250: two notches to the right
        await browser.WheelAsync(300, 300, 0, -130);                               // 10 - 130: one back
        Assert.True(await Eventually.IsTrueAsync(() => machine.Buttons.Count - before >= 8, Patience), string.Join(' ', machine.Buttons.Skip(before)));
        Assert.Equal([Down, Down, Down, Up, Up, Right, Right, Left], machine.Buttons.Skip(before));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Browser_is_told_that_text_does_not_work_where_the_machine_drops_what_its_keyboard_has_not()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = await ListenedToAsync(gateway, redeemer);
        Assert.False(browser.Welcome!.Allowed.HasFlag(Allowed.Text));
        Assert.True(browser.Welcome.Allowed.HasFlag(Allowed.PasteIn | Allowed.Resize));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Browser_is_told_that_text_works_where_the_machine_takes_any_character()
    {
        await using var server = new FakeMachine();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(server.Address, server.CertificateSha256));
        await server.TalkAsync(FrontEndStep.Active);
        Assert.True(await browser.UntilAsync(b => b.Welcome is not null, Patience));
        Assert.True(browser.Welcome!.Allowed.HasFlag(Allowed.Text));
    }

    /// <summary>A browser whose keys are heard: a program that has just started may miss the first ones.</summary>
    private async Task<DesktopClient> ListenedToAsync(DesktopGateway gateway, FakeRedeemer redeemer)
    {
        var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password));
        Assert.True(await browser.UntilAsync(b => b.Welcome is not null || b.Ended is not null), machine.Logs);
        Assert.Null(browser.Ended);
        var heard = machine.Keys.Count;
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            await browser.MouseAsync(300, 300);
            await PressAsync(browser, A);
            return machine.Keys.Count > heard;
        }, Patience), machine.Logs);
        return browser;
    }

    private static async Task PressAsync(DesktopClient browser, byte scancode)
    {
        await browser.KeyAsync(scancode, down: true);
        await browser.KeyAsync(scancode, down: false);
    }
}
