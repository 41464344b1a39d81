using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tsgu;

/// <summary>HTTP_PACKET_HEADER, MS-TSGU 2.2.10.9: type, two reserved bytes, length with the header. Packets are a byte stream, whatever carries them.</summary>
public static class TsguFrame
{
    public const int HeaderLength = 8;

    /// <summary>A DATA packet with the most its 16-bit count can say (2.2.10.6).</summary>
    public const int LongestPacket = HeaderLength + 2 + ushort.MaxValue;

    /// <summary>Before the channel stands; our limit. The cookie is the longest thing in it, and ours has 43 characters.</summary>
    public const int LongestHandshakePacket = 16 * 1024;

    /// <summary>True when a whole packet is there. A length that cannot be is refused before its bytes arrive.</summary>
    public static bool TryRead(ReadOnlySpan<byte> received, int longest, out TsguPacketType type, out int length)
    {
        type = default;
        length = 0;
        if (received.Length < HeaderLength) return false;
        type = (TsguPacketType)BinaryPrimitives.ReadUInt16LittleEndian(received);
        var declared = BinaryPrimitives.ReadUInt32LittleEndian(received[4..]);
        if (declared < HeaderLength || declared > longest)
            WireFormatException.Throw("TsguPacket", "packetLength", $"{declared} bytes, must be {HeaderLength} to {longest}");
        length = (int)declared;
        return received.Length >= length;
    }

    /// <summary>Writes the header with a length of zero; <see cref="End"/> fills it in.</summary>
    internal static Span<byte> Begin(ref WireWriter w, TsguPacketType type)
    {
        w.WriteUInt16((ushort)type);
        w.WriteUInt16(0);
        return w.Take(4);
    }

    internal static void End(Span<byte> lengthField, int length) => BinaryPrimitives.WriteUInt32LittleEndian(lengthField, (uint)length);

    /// <summary>Opens a reader behind the header of one whole packet of this type.</summary>
    internal static WireReader Open(ReadOnlySpan<byte> packet, TsguPacketType type, string pdu)
    {
        var r = new WireReader(packet, pdu);
        r.Expect((uint)type, r.ReadUInt16("packetType"), "packetType");
        r.ReadUInt16("reserved");
        r.Expect((uint)packet.Length, r.ReadUInt32("packetLength"), "packetLength");
        return r;
    }

    /// <summary>HTTP_byte_BLOB 2.2.10.1 or HTTP_UNICODE_STRING 2.2.10.22: a 16-bit byte count and the bytes.</summary>
    internal static ReadOnlySpan<byte> ReadBlob(ref WireReader r, int longest, string pdu, string field)
    {
        var length = r.ReadUInt16(field);
        if (length > longest) WireFormatException.Throw(pdu, field, $"{length} bytes is over {longest}");
        return r.ReadBytes(length, field);
    }

    /// <summary>UTF-16 text whose count includes the NUL where the writer sent one.</summary>
    internal static string ReadText(ref WireReader r, int longest, string pdu, string field)
    {
        var bytes = ReadBlob(ref r, longest, pdu, field);
        return TryText(bytes, out var text) ? text : throw new WireFormatException($"{pdu}.{field}: is not UTF-16 text of one line");
    }

    internal static bool TryText(ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        if (bytes.Length % 2 != 0) return false;
        if (bytes.Length >= 2 && bytes[^1] == 0 && bytes[^2] == 0) bytes = bytes[..^2];
        text = System.Text.Encoding.Unicode.GetString(bytes);
        foreach (var c in text)
        {
            if (char.IsControl(c)) return false;
        }
        return true;
    }

    internal static void WriteText(ref WireWriter w, string text)
    {
        w.WriteUInt16(checked((ushort)((text.Length + 1) * 2)));
        System.Text.Encoding.Unicode.GetBytes(text, w.Take(text.Length * 2));
        w.WriteUInt16(0);
    }
}
