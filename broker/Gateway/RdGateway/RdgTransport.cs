using System.Buffers;
using Montalegre.Vdi.Protocol.Http;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.WebSockets;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>Packet bytes to and from one client, over one WebSocket or over a pair of HTTP connections.</summary>
/// <param name="early">What came behind the HTTP head, still wrapped.</param>
internal sealed class RdgTransport(Stream input, Stream output, IBodyReader body, byte[] early) : IAsyncDisposable
{
    /// <summary>A piece fits a WebSocket frame with a 16-bit length, which every client reads.</summary>
    private const int LongestPiece = ushort.MaxValue - TsguDataHeader.Length;
    private const int LongestSmall = TsguServer.LongestReply + WebSocketFrame.LongestHeader;

    // Closing a stream of the web server does not end a read that waits on it; this does.
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly bool _framed = body is WebSocketReader;
    private ReadOnlyMemory<byte> _early = early;
    private long _sent;

    /// <summary>How many messages went out; shows whether the way was idle.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Cancelled when this is closed.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Waits, without a buffer, until bytes are there or the client left.</summary>
    public async ValueTask WaitAsync(CancellationToken ct)
    {
        if (_early.IsEmpty && !body.Ended) _ = await input.ReadAsync(Memory<byte>.Empty, ct);
    }

    /// <summary>Reads once and takes the wrapping off: null when the client left, else how many packet bytes came, which may be none.</summary>
    public async ValueTask<int?> ReadAsync(Memory<byte> buffer, CancellationToken ct)
    {
        if (body.Ended) return null;
        int read;
        if (_early.IsEmpty)
        {
            read = await input.ReadAsync(buffer, ct);
            if (read == 0) return null;
        }
        else
        {
            read = Math.Min(_early.Length, buffer.Length);
            _early[..read].CopyTo(buffer);
            _early = _early[read..];
        }
        var payload = body.Decode(buffer.Span[..read]);
        if (body is WebSocketReader socket && TryPong(socket, out var pong)) await SendRawAsync(pong, ct);
        return payload;
    }

    /// <summary>Sends whole packets, short ones.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> packets, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LongestSmall);
        try
        {
            await SendRawAsync(buffer.AsMemory(0, Frame(packets.Span, buffer)), ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Sends payload in DATA packets, in one write.</summary>
    public async ValueTask SendDataAsync(ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        while (payload.Length > 0)
        {
            var part = payload[..Math.Min(payload.Length, 2 * LongestPiece)];
            payload = payload[part.Length..];
            var buffer = ArrayPool<byte>.Shared.Rent(part.Length + (2 * (TsguDataHeader.Length + WebSocketFrame.LongestHeader)));
            try
            {
                await SendRawAsync(buffer.AsMemory(0, FrameData(part.Span, buffer)), ct);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Says goodbye in the WebSocket; the raw body has no word for it.</summary>
    public ValueTask FarewellAsync(CancellationToken ct)
    {
        if (!_framed) return ValueTask.CompletedTask;
        var buffer = new byte[WebSocketFrame.LongestHeader + 2];
        var w = new WireWriter(buffer, nameof(WebSocketFrame));
        WebSocketFrame.WriteClose(ref w, WebSocketFrame.NormalClosure);
        return SendRawAsync(buffer.AsMemory(0, w.Written), ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await input.DisposeAsync();
        if (!ReferenceEquals(input, output)) await output.DisposeAsync();
    }

    private async ValueTask SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        // Data, keepalives, pongs and goodbyes come from different tasks; one message must never cut another.
        await _sending.WaitAsync(ct);
        try
        {
            await output.WriteAsync(bytes, ct);
            await output.FlushAsync(ct);
            Volatile.Write(ref _sent, _sent + 1);
        }
        finally
        {
            _sending.Release();
        }
    }

    private int Frame(ReadOnlySpan<byte> packets, byte[] buffer)
    {
        var w = new WireWriter(buffer, nameof(RdgTransport));
        if (_framed) WebSocketFrame.WriteHeader(ref w, WebSocketOpcode.Binary, packets.Length);
        w.WriteBytes(packets);
        return w.Written;
    }

    /// <summary>One or two pieces of the same size: a full relay buffer is a byte over one.</summary>
    private int FrameData(ReadOnlySpan<byte> payload, byte[] buffer)
    {
        var w = new WireWriter(buffer, nameof(RdgTransport));
        var piece = payload.Length <= LongestPiece ? payload.Length : (payload.Length + 1) / 2;
        for (; payload.Length > 0; payload = payload[Math.Min(piece, payload.Length)..])
        {
            var length = Math.Min(piece, payload.Length);
            if (_framed) WebSocketFrame.WriteHeader(ref w, WebSocketOpcode.Binary, TsguDataHeader.Length + length);
            TsguDataHeader.Write(w.Take(TsguDataHeader.Length), length);
            w.WriteBytes(payload[..length]);
        }
        return w.Written;
    }

    private static bool TryPong(WebSocketReader socket, out byte[] pong)
    {
        pong = [];
        var w = new WireWriter(stackalloc byte[128], nameof(WebSocketFrame));
        if (!socket.TryAnswerPing(ref w)) return false;
        pong = w.WrittenSpan.ToArray();
        return true;
    }
}
