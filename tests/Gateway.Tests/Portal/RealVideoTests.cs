using System.Buffers.Binary;
using Montalegre.Vdi.Gateway.Tests.Html5;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>H.264 of a real server, passed through, decoded by a real Chromium.</summary>
public sealed class RealVideoTests(Browser browser, ShadowMachine machine) : IClassFixture<Browser>, IClassFixture<ShadowMachine>
{
    private const byte Frame = 0x02, H264 = 5;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Video_of_a_real_server_is_seen_moving_in_the_browser(bool fullColour)
    {
        machine.Require();
        await using var door = await RealDoor.OpenAsync(tickets => tickets.NewTicket(machine.Address, machine.CertificateSha256, ""), ("Gateway:Html5:FullColourVideo", $"{fullColour}"));
        var units = 0;
        var desktop = await DesktopPage.OpenAsync(browser, door.Rig, before: page => page.WebSocket += (_, socket) =>
            socket.FrameReceived += (_, frame) => { if (frame.Binary is { } bytes && IsVideo(bytes)) Interlocked.Increment(ref units); });
        await Expect(desktop.Cover).ToBeHiddenAsync(new() { Timeout = 120_000 });
        await desktop.ShowsAsync(900, 700, "2266cc", off: 24);
        await desktop.ShowsAsync(900, 700, "cc6622", off: 24);
        await desktop.ShowsAsync(900, 700, "2266cc", off: 24);
        Assert.True(await Eventually.IsTrueAsync(() => Volatile.Read(ref units) >= 5, TimeSpan.FromSeconds(60)), $"{units} frames had video");
    }

    private static bool IsVideo(byte[] message)
    {
        if (message.Length < 16 || message[0] != Frame) return false;
        var ops = 14 + (int)BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(10));
        return message.Length > ops + 2 && BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(ops)) > 0 && message[ops + 2] == H264;
    }
}
