using Montalegre.Vdi.Protocol.Http;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>Reads HTTP request heads from a stream, and keeps what came behind them.</summary>
internal sealed class HeadReader(Stream stream, byte[] early)
{
    private byte[] _held = early;
    private int _filled = early.Length;

    /// <summary>The next head; an <see cref="IOException"/> when the client left before it was whole.</summary>
    public async ValueTask<RequestHead> ReadAsync(CancellationToken ct)
    {
        while (true)
        {
            if (RequestHead.TryRead(_held.AsSpan(0, _filled), out var head, out var length))
            {
                _held = _held[length.._filled];
                _filled = _held.Length;
                return head;
            }
            if (_held.Length < RequestHead.LongestHead) Array.Resize(ref _held, RequestHead.LongestHead);
            var read = await stream.ReadAsync(_held.AsMemory(_filled), ct);
            if (read == 0) throw new IOException("The client left before its request was whole.");
            _filled += read;
        }
    }

    /// <summary>What came behind the last head.</summary>
    public byte[] TakeRest()
    {
        var rest = _held[.._filled];
        (_held, _filled) = ([], 0);
        return rest;
    }
}
