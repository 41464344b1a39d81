using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>A machine with network level authentication: the gateway signs in there, and the client needs to know nothing of it.</summary>
public sealed class NlaTests(NlaMachine machine) : IClassFixture<NlaMachine>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly (string, string)[] Shown = [("Gateway:RefusalShownFor", "00:03:00")];

    [Theory]
    [InlineData("+sec-nla")]
    [InlineData("/sec:tls")]                                // as a client does that was told to use no CredSSP
    public async Task Desktop_behind_network_level_authentication_appears_with_the_brokers_secret(string security)
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password), security);
        Assert.True(await Eventually.IsTrueAsync(() => ShowsDesktopAsync(screen), Patience), client.Output + machine.Logs + string.Join('\n', gateway.Log.Lines.Select(l => l.Text)));
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(machine.Password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrong_secret_is_refused_by_the_machine_and_not_tried_twice()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer, null, Shown);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, "not the password"));
        await FrontEndTests.SeesAsync(screen, client, ReasonCode.SignInNotPrepared, "");
        Assert.Equal(ReasonCode.SignInNotPrepared, (await gateway.NextReportAsync()).Failed.Code);
        Assert.Single(gateway.Log.Lines, l => l.Text.StartsWith("4023", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrong_certificate_gets_no_sign_in_at_all()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer, null, Shown);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, redeemer.NewTicket(machine.Address, new byte[32], machine.UserName, machine.Password));
        await FrontEndTests.SeesAsync(screen, client, ReasonCode.MachineCertificateChanged, "");
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.StartsWith("4023", StringComparison.Ordinal));
    }

    /// <summary>The shadow server encodes as video, so that a colour comes out nearly as it was.</summary>
    private static async Task<bool> ShowsDesktopAsync(RdpScreen screen)
    {
        const int tolerance = 8;
        var pixels = await screen.PixelsAsync();
        var at = ((500 * 800) + 400) * 3;
        return Enumerable.Range(0, 3).All(c => Math.Abs(pixels[at + c] - ((NlaMachine.DesktopColor >> (16 - (8 * c))) & 0xFF)) <= tolerance);
    }
}
