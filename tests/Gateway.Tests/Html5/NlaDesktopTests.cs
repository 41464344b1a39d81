using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>A machine that lets nobody in without network level authentication, in a browser: the worker signs in with what the broker gave.</summary>
public sealed class NlaDesktopTests(NlaMachine machine) : IClassFixture<NlaMachine>
{
    [Fact]
    public async Task Desktop_appears_with_the_sign_in_that_the_broker_gave()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password), 800, 600);
        Assert.True(await browser.UntilAsync(b => b.Ended is not null || b.Screen.Width == 800 && b.Screen.At(400, 300) == NlaMachine.DesktopColor, TimeSpan.FromSeconds(60)), machine.Logs);
        Assert.Null(browser.Ended);
        await browser.ByeAsync();
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(machine.Password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrong_password_is_tried_once_and_named()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, "not this one"), 800, 600);
        Assert.True(await browser.UntilAsync(b => b.Ended is not null, TimeSpan.FromSeconds(60)), machine.Logs);
        Assert.Equal(ReasonCode.MachineSignInRefused, (ReasonCode)browser.Ended!.Reason);
    }
}
