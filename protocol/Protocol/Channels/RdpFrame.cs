using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Channels;

/// <summary>Cuts what follows TLS into frames: TPKT, or fast-path (MS-RDPBCGR 2.2.8.1.2 and 2.2.9.1.2) with its own length.</summary>
public static class RdpFrame
{
    private const int FastPathAction = 0x03;
    private const byte Tpkt = 0x03;

    /// <summary>False when more bytes are needed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> received, out int length, out bool isTpkt)
    {
        length = 0;
        isTpkt = received.Length > 0 && received[0] == Tpkt;
        if (isTpkt)
        {
            var status = TpktFrame.TryRead(received, TpktFrame.LongestPossible, out length);
            if (status == FrameStatus.NotTpkt) WireFormatException.Throw(nameof(RdpFrame), "tpkt", "is broken");
            return status == FrameStatus.Complete;
        }
        if (received.Length < 2) return false;
        if ((received[0] & FastPathAction) != 0) WireFormatException.Throw(nameof(RdpFrame), "action", $"0x{received[0]:X2} is neither TPKT nor fast-path");
        var isLong = (received[1] & 0x80) != 0;
        if (isLong && received.Length < 3) return false;
        var declared = isLong ? ((received[1] & 0x7F) << 8) | received[2] : received[1];
        if (declared < (isLong ? 3 : 2)) WireFormatException.Throw(nameof(RdpFrame), "length", $"{declared} bytes is under its own header");
        if (received.Length < declared) return false;
        length = declared;
        return true;
    }
}
