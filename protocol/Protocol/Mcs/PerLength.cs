using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Mcs;

/// <summary>Length determinant of ITU-T X.691 10.9 in the aligned variant: one byte below 128, else two with the top bit set.</summary>
internal static class PerLength
{
    private const int OneByteBelow = 0x80;
    private const int TwoBytesBelow = 0x4000;

    public static int Read(ref WireReader r, string pdu, string field)
    {
        var first = r.ReadByte(field);
        if ((first & 0x80) == 0) return first;
        // The form with 0x40 says that more fragments follow; no RDP client sends one in the handshake.
        if ((first & 0x40) != 0) WireFormatException.Throw(pdu, field, "is fragmented");
        return ((first & 0x3F) << 8) | r.ReadByte(field);
    }

    public static void Write(ref WireWriter w, int length, string pdu, string field)
    {
        if (length >= TwoBytesBelow) WireFormatException.Throw(pdu, field, $"{length} bytes does not fit");
        if (length < OneByteBelow) w.WriteByte((byte)length);
        else w.WriteUInt16BigEndian((ushort)(0x8000 | length));
    }

    public static int Size(int length) => length < OneByteBelow ? 1 : 2;
}
