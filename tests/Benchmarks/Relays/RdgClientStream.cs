using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.WebSockets;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>A client's end of an RD Gateway channel over a WebSocket: what goes in comes out at the machine.</summary>
internal sealed class RdgClientStream(SslStream tls) : Stream
{
    private const int HeadersLength = 2 + 8 + 4 + TsguDataHeader.Length;
    private const int LongestPiece = ushort.MaxValue - TsguDataHeader.Length;
    private const string Ticket = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    private readonly byte[] _out = new byte[HeadersLength + ushort.MaxValue];
    private readonly TsguDataReader _reader = new();
    private readonly byte[] _in = new byte[128 * 1024];
    private int _inFrame;
    private int _at;
    private int _filled;

    private delegate void Writing(ref WireWriter w);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public static async Task<RdgClientStream> OpenAsync(int port)
    {
        var tls = new SslStream(new NetworkStream(await Door.ConnectAsync(port), ownsSocket: true));
        await tls.AuthenticateAsClientAsync(TestCertificate.Client);
        await tls.WriteAsync(Encoding.ASCII.GetBytes(
            $"RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + $"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nRDG-Connection-Id: {{{Guid.NewGuid()}}}\r\n\r\n"));
        var client = new RdgClientStream(tls);
        await client.PastAsync("\r\n\r\n"u8.ToArray());
        await client.AskAsync(new TsguHandshakeRequest(1, 0, 0, ExtendedAuthentication.Cookie).Write);
        await client.AskAsync(new TsguTunnelCreate(TsguCapabilities.None, null, Encoding.Unicode.GetBytes(Ticket)).Write);
        await client.AskAsync(new TsguTunnelAuthentication("bench").Write);
        await client.AskAsync(new TsguChannelCreate(3389, TsguChannelCreate.Rdp, [RdgRelayWorker.MachineName]).Write);
        return client;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (; buffer.Length > 0; buffer = buffer[Math.Min(LongestPiece, buffer.Length)..])
            await tls.WriteAsync(_out.AsMemory(0, Frame(buffer.Span[..Math.Min(LongestPiece, buffer.Length)], isData: true)), cancellationToken);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0) return 0;
        while (_at == _filled)
        {
            var frame = await FrameAsync(cancellationToken);
            if (frame < 0) return 0;
            (_at, _filled) = (0, _reader.Unwrap(_in.AsSpan(0, frame)));
        }
        var count = Math.Min(buffer.Length, _filled - _at);
        _in.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) tls.Dispose();
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await tls.DisposeAsync();
        await base.DisposeAsync();
    }

    private int Frame(ReadOnlySpan<byte> payload, bool isData)
    {
        var w = new WireWriter(_out, nameof(RdgClientStream));
        var length = payload.Length + (isData ? TsguDataHeader.Length : 0);
        w.WriteByte(0x82);
        w.WriteByte((byte)(0x80 | (length < 126 ? length : 126)));
        if (length >= 126) w.WriteUInt16BigEndian((ushort)length);
        w.WriteUInt32(0x9E3779B9);
        var start = w.Written;
        if (isData) TsguDataHeader.Write(w.Take(TsguDataHeader.Length), payload.Length);
        w.WriteBytes(payload);
        WebSocketMask.Move(_out, start, start, length, 0x9E3779B9, 0);
        return w.Written;
    }

    private async Task AskAsync(Writing write)
    {
        await tls.WriteAsync(_out.AsMemory(0, Packet(write)));
        var frame = await FrameAsync(CancellationToken.None);
        if (frame < TsguFrame.HeaderLength) throw new IOException("The gateway refused the benchmark.");
    }

    private int Packet(Writing write)
    {
        var w = new WireWriter(new byte[1024], nameof(RdgClientStream));
        write(ref w);
        return Frame(w.WrittenSpan, isData: false);
    }

    /// <summary>One of the gateway's frames, whole, into the buffer; -1 when it closed.</summary>
    private async ValueTask<int> FrameAsync(CancellationToken ct)
    {
        if (await tls.ReadAtLeastAsync(_in.AsMemory(0, 2), 2, throwOnEndOfStream: false, ct) < 2 || (_in[0] & 0x0F) == 8) return -1;
        _inFrame = _in[1];
        if (_inFrame == 126)
        {
            await tls.ReadExactlyAsync(_in.AsMemory(0, 2), ct);
            _inFrame = (_in[0] << 8) | _in[1];
        }
        await tls.ReadExactlyAsync(_in.AsMemory(0, _inFrame), ct);
        return _inFrame;
    }

    private async Task PastAsync(byte[] end)
    {
        var last = new List<byte>();
        var one = new byte[1];
        while (!last.TakeLast(end.Length).SequenceEqual(end))
        {
            await tls.ReadExactlyAsync(one);
            last.Add(one[0]);
        }
    }
}
