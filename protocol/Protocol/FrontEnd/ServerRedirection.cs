using System.Buffers.Binary;
using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>
/// Enhanced Security Server Redirection PDU, MS-RDPBCGR 2.2.13.3.1, that carries a routing token and nothing else:
/// the client comes back to the same address and brings it along.
/// </summary>
internal static class ServerRedirection
{
    private const ushort RedirectionPacket = 0x0400;
    private const uint LoadBalanceInfo = 0x0000_0002;
    private const uint DoNotStoreUserName = 0x0000_0020;

    public static void Write(ref WireWriter w, string ticket)
    {
        var frame = ShareFrame.Begin(ref w, SharePduType.Redirection);
        w.WriteUInt16(0);                                   // pad
        var start = w.Written;
        w.WriteUInt16(RedirectionPacket);
        var length = w.Take(2);
        w.WriteUInt32(0);                                   // sessionId
        w.WriteUInt32(LoadBalanceInfo | DoNotStoreUserName);
        var token = w.Take(4);
        var tokenStart = w.Written;
        w.WriteBytes("Cookie: msts="u8);
        Encoding.ASCII.GetBytes(ticket, w.Take(ticket.Length));
        w.WriteBytes("\r\n"u8);
        BinaryPrimitives.WriteUInt32LittleEndian(token, (uint)(w.Written - tokenStart));
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)(w.Written - start));
        w.WriteByte(0);                                     // pad
        frame.End(w);
    }
}
