using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class ConnectInitialTests
{
    private static readonly ClientDataEdit Edit = new(SecurityProtocols.Tls, new HashSet<string>());

    [Fact]
    public void Client_that_may_not_start_programs_has_no_channel_for_it()
    {
        var frame = Samples.ConnectInitial;
        "rail\0\0\0\0"u8.CopyTo(frame.AsSpan(frame.AsSpan().IndexOf("rdpsnd\0\0"u8)));
        Assert.Contains("rail", ConnectInitial.Read(frame).Channels);
        ConnectInitial.Rewrite(frame, Edit with { BlockedChannels = new ChannelPolicy { ProgramsByClient = false }.BlockedChannels });
        Assert.DoesNotContain("rail", ConnectInitial.Read(frame).Channels);
        Assert.Contains("cliprdr", ConnectInitial.Read(frame).Channels);
        Assert.Empty(ChannelPolicy.Everything.BlockedChannels);
    }

    [Fact]
    public void Core_data_says_screen_keyboard_name_and_protocol() =>
        Assert.Equal(
            new ConnectInitial(800, 600, 0x409, 18363, "office-7", 24, 0x05E3, SecurityProtocols.Tls) { Channels = [] },
            ConnectInitial.Read(Samples.ConnectInitial) with { Channels = [] });

    [Fact]
    public void Network_data_names_the_static_channels_in_order() =>
        Assert.Equal(["rdpdr", "rdpsnd", "cliprdr", "drdynvc"], ConnectInitial.Read(Samples.ConnectInitial).Channels);

    [Fact]
    public void Blocked_channel_gets_a_name_that_nobody_serves_and_keeps_its_place()
    {
        var frame = Samples.ConnectInitial;
        ConnectInitial.Rewrite(frame, Edit with { BlockedChannels = new HashSet<string> { "cliprdr", "rdpdr" } });
        Assert.Equal(["x00", "rdpsnd", "x02", "drdynvc"], ConnectInitial.Read(frame).Channels);
    }

    [Fact]
    public void Every_client_asks_the_machine_for_the_same_depth()
    {
        var frame = Samples.ConnectInitial;
        var depth = frame.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x18, 0x00, 0x0F, 0x00, 0xE3, 0x05]);
        ((ReadOnlySpan<byte>)[0x10, 0x00, 0x02, 0x00, 0xE1, 0x05]).CopyTo(frame.AsSpan(depth));    // /bpp:16
        ConnectInitial.Rewrite(frame, Edit);
        Assert.Equal(Samples.ConnectInitial, frame);
    }

    [Fact]
    public void Rewriting_the_selected_protocol_changes_that_field_alone()
    {
        var frame = Samples.ConnectInitial;
        ConnectInitial.Rewrite(frame, Edit with { Selected = SecurityProtocols.HybridEx });
        Assert.Equal(SecurityProtocols.HybridEx, ConnectInitial.Read(frame).ServerSelectedProtocol);
        var changed = Enumerable.Range(0, frame.Length).Where(i => frame[i] != Samples.ConnectInitial[i]).ToList();
        Assert.Single(changed);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        for (var length = 0; length < Samples.ConnectInitial.Length; length++)
            Assert.Throws<WireFormatException>(() => ConnectInitial.Read(Samples.ConnectInitial.AsSpan(0, length)));
    }

    [Fact]
    public void Second_core_block_is_refused()
    {
        var frame = Samples.ConnectInitial;
        var cluster = frame.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x04, 0xC0, 0x0C, 0x00]);
        frame[cluster] = 0x01;
        Assert.Throws<WireFormatException>(() => ConnectInitial.Read(frame));
    }

    [Fact]
    public void Name_of_the_client_cannot_bring_a_line_break_into_a_log()
    {
        var frame = Samples.ConnectInitial;
        frame[frame.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x6F, 0x00, 0x66, 0x00])] = 0x0A;
        Assert.Equal("?ffice-7", ConnectInitial.Read(frame).ClientName);
    }
}
