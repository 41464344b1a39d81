using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>License Error PDU - Valid Client, MS-RDPBCGR 2.2.1.12: no licence is needed here.</summary>
internal static class License
{
    private const ushort LicensePacket = 0x0080;

    public static void WriteValidClient(ref WireWriter w)
    {
        var frame = ServerFrame.BeginData(ref w, ConnectResponse.IoChannel);
        w.WriteUInt16(LicensePacket);
        w.WriteUInt16(0);                                   // flagsHi
        w.WriteByte(0xFF);                                  // ERROR_ALERT
        w.WriteByte(0x03);                                  // version 3
        w.WriteUInt16(16);
        w.WriteUInt32(7);                                   // STATUS_VALID_CLIENT
        w.WriteUInt32(2);                                   // ST_NO_TRANSITION
        w.WriteUInt16(4);                                   // BB_ERROR_BLOB
        w.WriteUInt16(0);
        frame.End(w);
    }
}
