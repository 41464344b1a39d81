using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class FrameTests
{
    [Fact]
    public void Frame_is_complete_only_with_its_last_byte()
    {
        var frame = Samples.ErectDomain;
        for (var length = 0; length < frame.Length; length++)
            Assert.Equal(FrameStatus.NeedMoreBytes, TpktFrame.TryRead(frame.AsSpan(0, length), 100, out _));
        Assert.Equal(FrameStatus.Complete, TpktFrame.TryRead([.. frame, 0xFF], 100, out var taken));
        Assert.Equal(frame.Length, taken);
    }

    [Theory]
    [InlineData(0x16)]      // a TLS client that believes to be at the right port
    [InlineData(0x47)]      // G, of GET
    public void Stranger_is_known_by_his_first_byte(byte first) =>
        Assert.Equal(FrameStatus.NotTpkt, TpktFrame.TryRead([first], 100, out _));

    [Fact]
    public void Declared_length_over_the_limit_is_refused_before_its_bytes_arrive() =>
        Assert.Throws<WireFormatException>(() => TpktFrame.TryRead([0x03, 0x00, 0xFF, 0xFF], 1000, out _));

    [Fact]
    public void Longest_possible_frame_is_read()
    {
        var frame = new byte[TpktFrame.LongestPossible];
        frame[0] = 3;
        frame[2] = frame[3] = 0xFF;
        Assert.Equal(FrameStatus.Complete, TpktFrame.TryRead(frame, TpktFrame.LongestPossible, out _));
    }

    [Fact]
    public void Writer_refuses_what_does_not_fit_its_buffer() => Assert.Throws<WireFormatException>(() =>
    {
        var w = new WireWriter(new byte[3], "Test");
        w.WriteUInt32(1);
    });
}
