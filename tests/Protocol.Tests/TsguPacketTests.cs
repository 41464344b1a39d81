using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class TsguPacketTests
{
    private delegate void Writing(ref WireWriter w);

    /// <summary>Each packet: its golden bytes, and what reads them and writes them again.</summary>
    private static readonly Dictionary<string, (byte[] Golden, Func<byte[], byte[]> Again)> Packets = new()
    {
        ["handshake request"] = (TsguSamples.HandshakeRequest, b => Written(TsguHandshakeRequest.Read(b).Write)),
        ["handshake response"] = (TsguSamples.HandshakeResponse, b => Written(TsguHandshakeResponse.Read(b).Write)),
        ["tunnel create"] = (TsguSamples.TunnelCreate, b => Written(TsguTunnelCreate.Read(b).Write)),
        ["tunnel create again"] = (TsguSamples.TunnelCreateAgain, b => Written(TsguTunnelCreate.Read(b).Write)),
        ["tunnel response"] = (TsguSamples.TunnelResponse, b => Written(TsguTunnelResponse.Read(b).Write)),
        ["tunnel auth"] = (TsguSamples.TunnelAuthentication, b => Written(TsguTunnelAuthentication.Read(b).Write)),
        ["tunnel auth response"] = (TsguSamples.TunnelAuthenticationResponse, b => Written(TsguTunnelAuthenticationResponse.Read(b).Write)),
        ["channel create"] = (TsguSamples.ChannelCreate, b => Written(TsguChannelCreate.Read(b).Write)),
        ["channel response"] = (TsguSamples.ChannelResponse, b => Written(TsguChannelResponse.Read(b).Write)),
    };

    public static TheoryData<string> Names => [.. Packets.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Packet_is_written_as_it_was_read(string name) => Assert.Equal(Packets[name].Golden, Packets[name].Again(Packets[name].Golden));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_truncation_is_refused_even_with_its_length_put_right(string name)
    {
        var (golden, read) = Packets[name];
        for (var length = 0; length < golden.Length; length++)
        {
            var cut = golden[..length];
            Assert.Throws<WireFormatException>(() => read(cut));
            if (length < TsguFrame.HeaderLength) continue;
            cut = [.. cut];
            BitConverter.TryWriteBytes(cut.AsSpan(4), (uint)length);
            Assert.Throws<WireFormatException>(() => read(cut));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Byte_too_many_is_refused(string name)
    {
        byte[] longer = [.. Packets[name].Golden, 0x00];
        BitConverter.TryWriteBytes(longer.AsSpan(4), (uint)longer.Length);
        Assert.Throws<WireFormatException>(() => Packets[name].Again(longer));
    }

    [Fact]
    public void Fields_are_where_the_specification_puts_them()
    {
        var create = TsguTunnelCreate.Read(TsguSamples.TunnelCreateAgain);
        Assert.Equal(0x1122334455667788ul, create.ReauthenticationContext);
        Assert.Equal([0x41, 0x00], create.Cookie);
        Assert.Equal("office-7", TsguTunnelAuthentication.Read(TsguSamples.TunnelAuthentication).ClientName);
        var channel = TsguChannelCreate.Read(TsguSamples.ChannelCreate);
        Assert.Equal((3389, "desk-1"), (channel.Port, channel.Resources.Single()));
        Assert.Equal("!", TsguTunnelResponse.Read(TsguSamples.TunnelResponse).Consent);
    }

    [Fact]
    public void Text_of_a_tunnel_does_not_show_the_cookie() =>
        Assert.DoesNotContain(Samples.Ticket, TsguTunnelCreate.Read(TsguSamples.TunnelCreate).ToString(), StringComparison.Ordinal);

    [Fact]
    public void Small_packets_are_these_bytes()
    {
        Assert.Equal(TsguSamples.Keepalive, Written(TsguSmall.WriteKeepalive));
        Assert.Equal(TsguSamples.CloseChannel, Written((ref WireWriter w) => TsguSmall.WriteClose(ref w, TsguCloseReason.None, answer: false)));
        Assert.Equal(TsguSamples.Reauthentication, Written((ref WireWriter w) => TsguSmall.WriteReauthentication(ref w, 0x1122334455667788)));
        Assert.Equal(
            [0x0B, 0x00, 0x00, 0x00, 0x0E, 0x00, 0x00, 0x00, 0x04, 0x00, 0x21, 0x00, 0x00, 0x00],
            Written((ref WireWriter w) => TsguSmall.WriteServiceMessage(ref w, "!")));
    }

    [Theory]
    [InlineData(7u)]
    [InlineData(16u * 1024 + 1)]
    [InlineData(uint.MaxValue)]
    public void Length_that_cannot_be_is_refused_with_its_header(uint length)
    {
        var header = TsguSamples.Keepalive;
        BitConverter.TryWriteBytes(header.AsSpan(4), length);
        Assert.Throws<WireFormatException>(() => TsguFrame.TryRead(header, TsguFrame.LongestHandshakePacket, out _, out _));
    }

    private static byte[] Written(Writing write)
    {
        var w = new WireWriter(new byte[TsguServer.LongestReply], "Test");
        write(ref w);
        return w.WrittenSpan.ToArray();
    }
}
