using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>Reads the one frame that comes before TLS, and not a byte more.</summary>
internal static class FrameReader
{
    /// <summary>Answers the frame's length; 0 when the peer left before it was whole.</summary>
    public static async ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken ct)
    {
        var filled = 0;
        while (true)
        {
            switch (TpktFrame.TryRead(buffer.Span[..filled], buffer.Length, out var length))
            {
                case FrameStatus.NotTpkt:
                    WireFormatException.Throw("Tpkt", "version", "is not TPKT");
                    break;
                case FrameStatus.Complete:
                    // INVARIANT: nothing follows the frame. Both sides wait for the answer before TLS begins.
                    if (length != filled) WireFormatException.Throw("Tpkt", "length", $"{filled - length} bytes came too early");
                    return length;
            }
            if (filled == buffer.Length) WireFormatException.Throw("Tpkt", "length", $"is over {buffer.Length}");
            var read = await stream.ReadAsync(buffer[filled..], ct);
            if (read == 0) return 0;
            filled += read;
        }
    }
}
