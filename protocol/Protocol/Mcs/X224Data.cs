using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Mcs;

/// <summary>X.224 Data TPDU, class 0: three fixed bytes between TPKT and MCS in every slow-path PDU.</summary>
internal static class X224Data
{
    public const int HeaderLength = TpktFrame.HeaderLength + 3;

    public static void Read(ref WireReader r)
    {
        r.ReadBytes(TpktFrame.HeaderLength, "tpkt");
        r.Expect(0x02, r.ReadByte("x224.lengthIndicator"), "x224.lengthIndicator");
        r.Expect(0xF0, r.ReadByte("x224.code"), "x224.code");
        r.Expect(0x80, r.ReadByte("x224.endOfTransmission"), "x224.endOfTransmission");
    }

    public static void Write(ref WireWriter w)
    {
        w.WriteByte(0x02);
        w.WriteByte(0xF0);
        w.WriteByte(0x80);
    }
}
