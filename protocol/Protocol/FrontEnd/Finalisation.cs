using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>The server's share of connection finalisation, MS-RDPBCGR 2.2.1.19 to 2.2.1.22.</summary>
internal static class Finalisation
{
    public const ushort RequestControl = 1;
    private const ushort GrantedControl = 2;
    private const ushort Cooperate = 4;

    public static void WriteSynchronize(ref WireWriter w)
    {
        var frame = ShareFrame.BeginData(ref w, ShareDataType.Synchronize);
        w.WriteUInt16(1);                                   // SYNCMSGTYPE_SYNC
        w.WriteUInt16(ConnectResponse.UserChannel);
        frame.End(w);
    }

    public static void WriteCooperate(ref WireWriter w) => WriteControl(ref w, Cooperate, 0, 0);

    public static void WriteGranted(ref WireWriter w) => WriteControl(ref w, GrantedControl, ConnectResponse.UserChannel, ServerFrame.ServerUser);

    public static void WriteFontMap(ref WireWriter w)
    {
        var frame = ShareFrame.BeginData(ref w, ShareDataType.FontMap);
        w.WriteUInt16(0);
        w.WriteUInt16(0);
        w.WriteUInt16(3);                                   // FONTMAP_FIRST | FONTMAP_LAST
        w.WriteUInt16(4);
        frame.End(w);
    }

    private static void WriteControl(ref WireWriter w, ushort action, ushort grantId, uint controlId)
    {
        var frame = ShareFrame.BeginData(ref w, ShareDataType.Control);
        w.WriteUInt16(action);
        w.WriteUInt16(grantId);
        w.WriteUInt32(controlId);
        frame.End(w);
    }
}
