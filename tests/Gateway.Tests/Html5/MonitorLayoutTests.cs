using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>What a machine hears of a browser's windows over the display channel (MS-RDPEDISP), by what it takes.</summary>
public sealed class MonitorLayoutTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(4, "layout of 2: 1280x800+0+0* 1024x900+1280+0")]
    [InlineData(1, "layout of 1: 2304x900+0+0*")]
    public async Task Machine_is_asked_for_the_monitors_that_it_takes(int most, string asked)
    {
        await using var stage = await ChannelStage.OpenAsync("monitors", most.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(await stage.Browser.UntilAsync(b => Told(b) == (4, Math.Min(most * 4096 * 2048, Html5Limits.MostPixels)), Patience), stage.Said);
        await stage.Browser.ResizeAsync(1280, 800, new ScreenRect(1280, 0, 1024, 900));
        Assert.True(await Eventually.IsTrueAsync(() => stage.Server.Output.Contains(asked + "\n", StringComparison.Ordinal), Patience), stage.Said);
        await stage.Browser.ByeAsync();
    }

    [Fact]
    public async Task Browser_of_a_machine_without_that_channel_is_told_that_the_size_is_fixed()
    {
        await using var stage = await ChannelStage.OpenAsync("sound");
        Assert.True(await stage.Browser.UntilAsync(b => Told(b) == (0, 0), Patience), stage.Said);
        await stage.Browser.ByeAsync();
    }

    private static (int Most, int Pixels)? Told(DesktopClient browser) =>
        browser.Others.LastOrDefault(o => o[0] == (byte)ServerMessage.Monitors) is { } message ? (message[1], BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(2))) : null;
}
