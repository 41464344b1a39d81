using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tpkt;

public enum FrameStatus
{
    Complete,
    NeedMoreBytes,
    NotTpkt,
}

/// <summary>TPKT framing, RFC 1006 section 6: version 3, reserved, u16 big-endian length that counts these four bytes.</summary>
public static class TpktFrame
{
    public const int HeaderLength = 4;
    public const int LongestPossible = 0xFFFF;
    private const byte Version = 3;
    private const int ShortestFrame = HeaderLength + 3;     // an X.224 header is never under three bytes

    /// <summary>Says whether <paramref name="received"/> begins with a whole frame, and how long it is.</summary>
    /// <remarks>Judges on the first byte that is wrong, so that a stranger is sent away before he has sent a length.</remarks>
    public static FrameStatus TryRead(ReadOnlySpan<byte> received, int longest, out int length)
    {
        length = 0;
        if (received.Length > 0 && received[0] != Version) return FrameStatus.NotTpkt;
        if (received.Length > 1 && received[1] != 0) return FrameStatus.NotTpkt;
        if (received.Length < HeaderLength) return FrameStatus.NeedMoreBytes;

        var declared = BinaryPrimitives.ReadUInt16BigEndian(received[2..]);
        if (declared < ShortestFrame) return FrameStatus.NotTpkt;
        if (declared > longest) WireFormatException.Throw("Tpkt", "length", $"{declared} bytes is over {longest}");
        if (received.Length < declared) return FrameStatus.NeedMoreBytes;
        length = declared;
        return FrameStatus.Complete;
    }

    /// <summary>Writes the header with a length of zero; <see cref="End"/> fills it in.</summary>
    public static Span<byte> Begin(ref WireWriter w)
    {
        w.WriteByte(Version);
        w.WriteByte(0);
        return w.Take(2);
    }

    public static void End(Span<byte> lengthField, int length)
    {
        if (length > LongestPossible) WireFormatException.Throw("Tpkt", "length", $"{length} bytes is over {LongestPossible}");
        BinaryPrimitives.WriteUInt16BigEndian(lengthField, (ushort)length);
    }
}
