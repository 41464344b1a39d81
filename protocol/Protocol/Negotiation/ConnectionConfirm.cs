using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Negotiation;

/// <summary>failureCode of RDP_NEG_FAILURE, MS-RDPBCGR 2.2.1.2.2.</summary>
public enum NegotiationFailureCode : uint
{
    TlsRequired = 1,
    TlsNotAllowed = 2,
    NoCertificateOnServer = 3,
    InconsistentFlags = 4,
    HybridRequired = 5,
    TlsWithUserAuthenticationRequired = 6,
}

/// <summary>Server X.224 Connection Confirm PDU, MS-RDPBCGR 2.2.1.2.</summary>
public abstract record ConnectionConfirm
{
    /// <summary>The longest form; longer is not a confirm.</summary>
    public const int LongestFrame = TpktFrame.HeaderLength + 7 + NegotiationLength;

    private const string Pdu = "ConnectionConfirm";
    private const byte TpduCode = 0xD0;
    private const byte ResponseType = 0x02;
    private const byte FailureType = 0x03;
    private const ushort NegotiationLength = 8;

    private ConnectionConfirm() { }

    /// <summary>RDP_NEG_RSP, 2.2.1.2.1. The client acts on the flags, so they must be those of the machine.</summary>
    public sealed record Accepted(byte Flags, SecurityProtocols Selected) : ConnectionConfirm;

    /// <summary>RDP_NEG_FAILURE, 2.2.1.2.2.</summary>
    public sealed record Failed(NegotiationFailureCode Code) : ConnectionConfirm;

    /// <summary>No negotiation data: a server that only knows Standard RDP Security.</summary>
    public sealed record WithoutNegotiation : ConnectionConfirm;

    /// <summary>Reads one whole TPKT frame.</summary>
    public static ConnectionConfirm Read(ReadOnlySpan<byte> frame)
    {
        var r = new WireReader(frame, Pdu);
        r.ReadBytes(TpktFrame.HeaderLength, "tpkt");
        var lengthIndicator = r.ReadByte("lengthIndicator");
        r.Expect((uint)r.Left, lengthIndicator, "lengthIndicator");
        r.Expect(TpduCode, r.ReadByte("code"), "code");
        r.ReadBytes(5, "references and class");
        if (r.Left == 0) return new WithoutNegotiation();

        var type = r.ReadByte("type");
        var flags = r.ReadByte("flags");
        r.Expect(NegotiationLength, r.ReadUInt16("length"), "length");
        var value = r.ReadUInt32("value");
        r.ExpectEnd("end");
        if (type == ResponseType) return new Accepted(flags, (SecurityProtocols)value);
        r.Expect(FailureType, type, "type");
        return new Failed((NegotiationFailureCode)value);
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var tpktLength = TpktFrame.Begin(ref w);
        var lengthIndicator = w.Take(1);
        w.WriteByte(TpduCode);
        w.WriteUInt16BigEndian(0);                          // destination reference
        w.WriteUInt16BigEndian(0x1234);                     // source reference, as Windows sends it
        w.WriteByte(0);                                     // class
        switch (this)
        {
            case Accepted accepted: WriteNegotiation(ref w, ResponseType, accepted.Flags, (uint)accepted.Selected); break;
            case Failed failed: WriteNegotiation(ref w, FailureType, 0, (uint)failed.Code); break;
        }

        var length = w.Written - start;
        lengthIndicator[0] = (byte)(length - TpktFrame.HeaderLength - 1);
        TpktFrame.End(tpktLength, length);
    }

    private static void WriteNegotiation(ref WireWriter w, byte type, byte flags, uint value)
    {
        w.WriteByte(type);
        w.WriteByte(flags);
        w.WriteUInt16(NegotiationLength);
        w.WriteUInt32(value);
    }
}
