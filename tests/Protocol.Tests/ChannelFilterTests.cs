using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class ChannelFilterTests
{
    [Theory]
    [InlineData("URBDRC", "~RBDRC")]
    [InlineData("AUDIO_INPUT", "~UDIO_INPUT")]
    [InlineData("Microsoft::Windows::RDS::DisplayControl", "Microsoft::Windows::RDS::DisplayControl")]
    public void Blocked_dynamic_channel_is_offered_under_a_name_that_the_client_refuses(string name, string seen) =>
        Assert.Equal(ChannelSamples.Create(seen), FromMachine(new() { Usb = false, AudioIn = false }, ChannelSamples.Create(name)));

    [Fact]
    public void Clipboard_is_closed_in_one_direction_and_open_in_the_other()
    {
        var spoilt = ChannelSamples.FormatRequest;
        spoilt[8] = 0;
        var policy = new ChannelPolicy { ClipboardToDesktop = false };
        Assert.True(policy.NeedsFilter);
        Assert.Equal(ChannelSamples.FromMachine(1006, spoilt), FromMachine(policy, ChannelSamples.FromMachine(1006, ChannelSamples.FormatRequest)));
        Assert.Equal(ChannelSamples.FromClient(1006, ChannelSamples.FormatRequest), FromClient(policy, ChannelSamples.FromClient(1006, ChannelSamples.FormatRequest)));
        var other = new ChannelPolicy { ClipboardFromDesktop = false };
        Assert.Equal(ChannelSamples.FromClient(1006, spoilt), FromClient(other, ChannelSamples.FromClient(1006, ChannelSamples.FormatRequest)));
    }

    [Theory]
    [InlineData(false, true, 8)]
    [InlineData(true, false, 30)]
    public void Blocked_device_is_announced_as_one_that_nobody_serves(bool drives, bool printers, int offset)
    {
        var hidden = ChannelSamples.Devices;
        hidden[offset] = 0;
        var policy = new ChannelPolicy { Drives = drives, Printers = printers };
        Assert.Equal(ChannelSamples.FromClient(1004, hidden), FromClient(policy, ChannelSamples.FromClient(1004, ChannelSamples.Devices)));
    }

    [Fact]
    public void Device_list_that_goes_on_in_a_second_chunk_is_followed_there()
    {
        var filter = Connected(new() { SmartCards = false });
        var (first, second) = (ChannelSamples.FromClient(1004, ChannelSamples.Devices[..50], flags: 1), ChannelSamples.FromClient(1004, ChannelSamples.Devices[50..], flags: 2));
        filter.FromClient(first);
        filter.FromClient(second);
        Assert.Equal(ChannelSamples.FromClient(1004, ChannelSamples.Devices[..50], flags: 1), first);
        Assert.Equal(0, second[23]);
    }

    [Fact]
    public void What_blocks_a_whole_channel_needs_no_filter()
    {
        var policy = new ChannelPolicy { ClipboardToDesktop = false, ClipboardFromDesktop = false, Drives = false, Printers = false, SmartCards = false };
        Assert.Equal(["cliprdr", "rdpdr"], policy.BlockedChannels.Order());
        Assert.False(policy.NeedsFilter);
        Assert.False(ChannelPolicy.Everything.NeedsFilter);
    }

    [Fact]
    public void Compressed_chunk_that_nobody_agreed_on_ends_the_connection() =>
        Assert.Throws<WireFormatException>(() => FromClient(new() { Drives = false }, ChannelSamples.FromClient(1004, ChannelSamples.Devices, 0x0020_0003)));

    [Theory]
    [InlineData(new byte[] { 0x04, 0x05, 0xAA, 0xBB, 0xCC, 0xFF }, 5)]
    [InlineData(new byte[] { 0x00, 0x80, 0x04, 0xAA, 0xFF }, 4)]
    [InlineData(new byte[] { 0x04, 0x05, 0xAA }, 0)]
    public void Fast_path_is_cut_by_its_own_length(byte[] received, int length)
    {
        Assert.Equal(length > 0, RdpFrame.TryRead(received, out var found, out var isTpkt));
        Assert.Equal((length, false), (found, isTpkt));
    }

    private static byte[] FromMachine(ChannelPolicy policy, byte[] frame)
    {
        Connected(policy).FromMachine(frame);
        return frame;
    }

    private static byte[] FromClient(ChannelPolicy policy, byte[] frame)
    {
        Connected(policy).FromClient(frame);
        return frame;
    }

    private static ChannelFilter Connected(ChannelPolicy policy)
    {
        var filter = new ChannelFilter(policy);
        filter.FromClient(Samples.ConnectInitial);
        filter.FromMachine(ChannelSamples.ConnectResponse);
        return filter;
    }
}
