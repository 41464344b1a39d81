using System.Text;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>A real xrdp, a real worker in its sandbox, the real socket; only the browser is a program of ours.</summary>
public sealed class BrowserDesktopTests(TypingMachine machine) : IClassFixture<TypingMachine>
{
    private const int Blue = 0x2266CC;
    private const byte G = 0x22, X = 0x2D;

    [Fact]
    public async Task Desktop_appears_and_answers_keys_without_the_persons_password()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        var ticket = Ticket(redeemer);

        await browser.ConnectAsync(gateway.Socket, ticket);
        Assert.True(await browser.UntilAsync(b => Shows(b, Blue) || b.Ended is not null), Said(gateway, browser));
        Assert.Null(browser.Ended);
        Assert.Equal((1024, 768), (browser.Welcome!.Width, browser.Welcome.Height));

        Assert.True(await TypedUntilAsync(browser, G, TypingMachine.Green), Said(gateway, browser));
        Assert.True(await TypedUntilAsync(browser, X, TypingMachine.Red), Said(gateway, browser));

        var opened = await gateway.NextReportAsync();
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, opened.KindCase);
        Assert.Equal(TicketCarrier.Browser, redeemer.Presented.Single().Carrier);
        await browser.ByeAsync();
        Assert.Equal("ClientClosed", (await gateway.NextReportAsync()).Closed.End);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(ticket, StringComparison.Ordinal) || l.Text.Contains(machine.Password, StringComparison.Ordinal));
    }

    private string Ticket(FakeRedeemer redeemer) => redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password);

    private string Said(DesktopGateway gateway, DesktopClient browser) =>
        $"ended {browser.Ended}, {(ReasonCode)(browser.Ended?.Reason ?? 0)}, welcome {browser.Welcome}, {browser.Frames} frames, pixel {browser.Screen.At(browser.Screen.Width / 2, browser.Screen.Height / 2):X6}\n"
        + string.Join('\n', gateway.Log.Lines.Select(l => l.Text)) + machine.Logs;

    internal static bool Shows(DesktopClient browser, int colour) =>
        browser.Screen.Width > 200 && browser.Screen.At(browser.Screen.Width / 2, browser.Screen.Height / 2) == colour && browser.Screen.At(150, 150) == colour;

    /// <summary>Types until it is seen: a terminal that has just started may miss a first key.</summary>
    private static async Task<bool> TypedUntilAsync(DesktopClient browser, byte scancode, int colour)
    {
        for (var attempt = 0; attempt < 10; attempt++)
        {
            await browser.MouseAsync(300, 300);
            await browser.KeyAsync(scancode, down: true);
            await browser.KeyAsync(scancode, down: false);
            if (await browser.UntilAsync(b => Shows(b, colour), TimeSpan.FromSeconds(2))) return true;
        }
        return false;
    }
}
