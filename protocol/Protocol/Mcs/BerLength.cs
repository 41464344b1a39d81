using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Mcs;

/// <summary>Tag and definite length of ITU-T X.690 8.1.3, as MCS Connect PDUs use them.</summary>
internal static class BerLength
{
    private const byte LongFormOneByte = 0x81;
    private const byte LongFormTwoBytes = 0x82;

    public static int ReadTagged(ref WireReader r, byte tag, string field)
    {
        r.Expect(tag, r.ReadByte(field), field);
        return Read(ref r, field);
    }

    public static int Read(ref WireReader r, string field)
    {
        var first = r.ReadByte(field);
        var length = first switch
        {
            < 0x80 => first,
            LongFormOneByte => r.ReadByte(field),
            LongFormTwoBytes => r.ReadUInt16BigEndian(field),
            _ => -1,
        };
        if (length < 0 || length > r.Left)
            WireFormatException.Throw("ConnectInitial", field, $"length form 0x{first:X2} with {r.Left} bytes left");
        return length;
    }
}
