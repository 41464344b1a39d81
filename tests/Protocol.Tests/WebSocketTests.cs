using System.Text;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Http;
using Montalegre.Vdi.Protocol.WebSockets;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class WebSocketTests
{
    private static readonly byte[] Payload = [0xAA, 0xBB, 0xCC, .. Enumerable.Range(0, 128).Select(i => (byte)i)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Fragments_come_out_as_one_flow_and_the_ping_between_them_is_answered(int step)
    {
        var reader = new WebSocketReader();
        var got = new List<byte>();
        var pongs = new List<byte>();
        foreach (var piece in TsguSamples.WebSocket.Chunk(step))
        {
            got.AddRange(piece[..reader.Decode(piece)]);
            var w = new WireWriter(new byte[200], "Test");
            if (reader.TryAnswerPing(ref w)) pongs.AddRange(w.WrittenSpan);
        }
        Assert.Equal(Payload, got);
        if (step <= 7) Assert.Equal([0x8A, 0x02, .. "hi"u8], pongs);        // in one piece the close behind it makes the ping moot
        Assert.True(reader.Ended);
    }

    [Theory]
    [InlineData("81 82 00 00 00 00 41 42")]                  // text
    [InlineData("82 02 41 42")]                              // not masked
    [InlineData("C2 80 00 00 00 00")]                        // a reserved bit
    [InlineData("80 80 00 00 00 00")]                        // continuation of nothing
    [InlineData("02 80 00 00 00 00 82 80 00 00 00 00")]      // a new message within a fragmented one
    [InlineData("09 80 00 00 00 00")]                        // a control frame in fragments
    [InlineData("89 FE 00 7E 00 00 00 00")]                  // a control frame over 125 bytes
    [InlineData("82 FE 00 7D 00 00 00 00")]                  // a length longer than it need be
    [InlineData("82 FF 00 00 00 00 01 00 00 01 00 00 00 00")] // over the limit
    [InlineData("82 FF FF FF FF FF FF FF FF FF 00 00 00 00")]
    [InlineData("83 80 00 00 00 00")]                        // an opcode nobody knows
    public void Frame_that_breaks_the_rules_is_refused(string hex) =>
        Assert.Throws<WireFormatException>(() => new WebSocketReader().Decode(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));

    [Fact]
    public void Large_frames_are_unmasked_wherever_they_are_cut()
    {
        var plain = Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31)).ToArray();
        byte[] key = [0x12, 0x34, 0x56, 0x78];
        var sent = new List<byte>();
        foreach (var part in plain.Chunk(65_000))
            sent.AddRange([0x82, 0xFE, (byte)(part.Length >> 8), (byte)part.Length, .. key, .. part.Select((b, i) => (byte)(b ^ key[i & 3]))]);
        foreach (var step in new[] { 1, 33, 4093, 65_536 })
        {
            var reader = new WebSocketReader();
            var got = new List<byte>();
            foreach (var piece in sent.Chunk(step)) got.AddRange(piece[..reader.Decode(piece)]);
            Assert.Equal(plain, got);
        }
    }

    [Fact]
    public void Accept_is_what_the_specification_shows() =>
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WebSocketFrame.Accept("dGhlIHNhbXBsZSBub25jZQ=="));

    [Fact]
    public void Our_frames_are_not_masked()
    {
        var w = new WireWriter(new byte[20], "Test");
        WebSocketFrame.WriteHeader(ref w, WebSocketOpcode.Binary, 125);
        WebSocketFrame.WriteHeader(ref w, WebSocketOpcode.Binary, 65_535);
        WebSocketFrame.WriteClose(ref w, WebSocketFrame.NormalClosure);
        Assert.Equal([0x82, 0x7D, 0x82, 0x7E, 0xFF, 0xFF, 0x88, 0x02, 0x03, 0xE8], w.WrittenSpan.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(1000)]
    public void Chunks_come_out_as_one_flow(int step)
    {
        var reader = new ChunkedReader();
        var got = new List<byte>();
        foreach (var piece in TsguSamples.Chunks.Chunk(step)) got.AddRange(piece[..reader.Decode(piece)]);
        Assert.Equal([0xAA, 0xBB, 0xCC, .. "0123456789"u8], got);
        Assert.True(reader.Ended);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("g\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("3\nabc")]
    [InlineData("3\r\nabcd")]
    [InlineData("7fffffff\r\n")]
    [InlineData("000000001\r\n")]
    [InlineData("1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n")]
    public void Chunk_that_breaks_the_rules_is_refused(string text) =>
        Assert.Throws<WireFormatException>(() => new ChunkedReader().Decode(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Head_is_read_only_when_whole()
    {
        var whole = TsguSamples.Upgrade;
        for (var length = 0; length < whole.Length; length++) Assert.False(RequestHead.TryRead(whole.AsSpan(0, length), out _, out _));
        Assert.True(RequestHead.TryRead([.. whole, 0x01], out var head, out var taken));
        Assert.Equal(whole.Length, taken);
        Assert.Equal(("RDG_OUT_DATA", "/remoteDesktopGateway/", "PAA"), (head.Method, head.Path, head["rdg-auth-scheme"]));
        Assert.True(head.Names("Upgrade", "WebSocket"));
        Assert.False(head.Names("Connection", "keep-alive"));
    }

    [Theory]
    [InlineData("RDG_OUT_DATA /x HTTP/1.0\r\n\r\n")]
    [InlineData("RDG_OUT_DATA  /x HTTP/1.1\r\n\r\n")]
    [InlineData("RDG_OUT_DATA http://x/ HTTP/1.1\r\n\r\n")]
    [InlineData("RDG_OUT_DATA /x HTTP/1.1\r\nHost : a\r\n\r\n")]
    [InlineData("RDG_OUT_DATA /x HTTP/1.1\r\n folded\r\n\r\n")]
    [InlineData("RDG_OUT_DATA /x HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n")]
    [InlineData("RDG_OUT_DATA /x HTTP/1.1\r\nHost: a\nX: b\r\n\r\n")]
    [InlineData("RDG_OUT_DATA /x HTTP/1.1\r\nHost: a\0\r\n\r\n")]
    public void Head_that_breaks_the_rules_is_refused(string text) =>
        Assert.Throws<WireFormatException>(() => RequestHead.TryRead(Encoding.ASCII.GetBytes(text), out _, out _));

    [Fact]
    public void Head_without_end_is_refused_at_the_limit() =>
        Assert.Throws<WireFormatException>(() => RequestHead.TryRead(new byte[RequestHead.LongestHead].Select(_ => (byte)'a').ToArray(), out _, out _));
}
