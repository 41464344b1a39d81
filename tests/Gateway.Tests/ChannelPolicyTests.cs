using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Mcs;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>A pool's policy tried out: copying and pasting between a real xfreerdp and a real xrdp session.</summary>
public sealed class ChannelPolicyTests(XrdpMachine machine) : IClassFixture<XrdpMachine>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public async Task Clipboard_passes_in_the_directions_that_the_pool_allows(bool toDesktop, bool fromDesktop)
    {
        machine.Require();
        var redeemer = new FakeRedeemer { Policy = new ChannelPolicy { ClipboardToDesktop = toDesktop, ClipboardFromDesktop = fromDesktop } };
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password), "+clipboard");
        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + machine.Logs);

        var (there, back) = ($"there-{Guid.NewGuid()}", $"back-{Guid.NewGuid()}");
        Assert.Equal(toDesktop, await PassesAsync(() => screen.CopyAsync(there), machine.PasteAsync, there, toDesktop));
        Assert.Equal(fromDesktop, await PassesAsync(() => machine.CopyAsync(back), screen.PasteAsync, back, fromDesktop));
        Assert.False(client.HasExited, client.Output);
    }

    [Fact]
    public async Task Blocked_static_channels_are_unknown_to_the_machine()
    {
        var redeemer = new FakeRedeemer { Policy = new ChannelPolicy { Drives = false, Printers = false, SmartCards = false, AudioOut = false } };
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var fake = new FakeMachine();
        var (client, _, _, seen) = await RawClient.OpenAsync(gateway, fake, redeemer.NewTicket(fake.Address, fake.CertificateSha256));
        using var _client = client;
        Assert.Equal(["x00", "x01", "cliprdr", "drdynvc"], ConnectInitial.Read(seen.AsSpan(0, Samples.ConnectInitial.Length)).Channels);
    }

    // The clipboards tell each other of a copy when they please: it is copied anew until it has passed, or long enough.
    private static async Task<bool> PassesAsync(Func<Task> copy, Func<Task<string>> paste, string text, bool expected) =>
        await Eventually.IsTrueAsync(async () =>
        {
            await copy();
            return (await paste()).Contains(text, StringComparison.Ordinal);
        }, expected ? Patience : LongEnough);
}
