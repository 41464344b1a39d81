using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Negotiation;

/// <summary>RDP Negotiation Request (RDP_NEG_REQ), MS-RDPBCGR 2.2.1.1.1.</summary>
public readonly record struct NegotiationRequest(byte Flags, SecurityProtocols Requested)
{
    public const byte CorrelationInfoPresent = 0x08;
    private const byte Type = 0x01;
    private const ushort Length = 8;

    public static NegotiationRequest Read(ref WireReader r)
    {
        r.Expect(Type, r.ReadByte("type"), "type");
        var flags = r.ReadByte("flags");
        r.Expect(Length, r.ReadUInt16("length"), "length");
        return new(flags, (SecurityProtocols)r.ReadUInt32("requestedProtocols"));
    }

    public void Write(ref WireWriter w)
    {
        w.WriteByte(Type);
        w.WriteByte(Flags);
        w.WriteUInt16(Length);
        w.WriteUInt32((uint)Requested);
    }
}
