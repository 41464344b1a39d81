using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Channels;

/// <summary>The server's GCC data in an MCS Connect Response, MS-RDPBCGR 2.2.1.4; the parts of it a gateway needs.</summary>
public static class ServerData
{
    private const string Pdu = "ConnectResponse";
    private const ushort CoreBlock = 0x0C01;
    private const ushort NetworkBlock = 0x0C03;
    private const int BlockHeaderLength = 4;
    private const int RequestedProtocols = 4;
    private const int MostChannels = 31;

    /// <summary>Server Network Data, 2.2.1.4.4: ids in the order of the client's names. Empty when the block is not there.</summary>
    internal static ushort[] ReadChannels(ReadOnlySpan<byte> frame, out ushort ioChannel)
    {
        ioChannel = 0;
        if (!TryFind(frame, NetworkBlock, out var block)) return [];
        var r = new WireReader(frame[block], Pdu);
        ioChannel = r.ReadUInt16("ioChannel");
        var count = r.ReadUInt16("channelCount");
        if (count > MostChannels) WireFormatException.Throw(Pdu, "channelCount", $"{count} is over {MostChannels}");
        var ids = new ushort[count];
        for (var i = 0; i < ids.Length; i++) ids[i] = r.ReadUInt16("channelId");
        return ids;
    }

    /// <summary>Server Core Data, 2.2.1.4.2: writes what the client asked for in the place of what we asked the machine for; clients compare.</summary>
    public static void RewriteRequested(Span<byte> frame, SecurityProtocols requested)
    {
        if (!TryFind(frame, CoreBlock, out var block)) return;
        var body = frame[block];
        if (body.Length >= RequestedProtocols + 4) BinaryPrimitives.WriteUInt32LittleEndian(body[RequestedProtocols..], (uint)requested);
    }

    private static bool TryFind(ReadOnlySpan<byte> frame, ushort wanted, out Range block)
    {
        var r = new WireReader(frame, Pdu);
        X224Data.Read(ref r);
        r.Expect(0x7F, r.ReadByte("tag"), "tag");
        r.Expect(0x66, r.ReadByte("tag"), "tag");           // APPLICATION 102
        BerLength.Read(ref r, "length");
        r.ReadBytes(BerLength.ReadTagged(ref r, 0x0A, "result"), "result");
        r.ReadBytes(BerLength.ReadTagged(ref r, 0x02, "calledConnectId"), "calledConnectId");
        r.ReadBytes(BerLength.ReadTagged(ref r, 0x30, "domainParameters"), "domainParameters");
        BerLength.ReadTagged(ref r, 0x04, "userData");
        r.ReadBytes(7, "t124Key");
        PerLength.Read(ref r, Pdu, "connectPduLength");
        r.ReadBytes(3, "conferenceResponse and nodeId");
        r.ReadBytes(r.ReadByte("tagLength"), "tag");
        r.ReadBytes(3, "result, sets and choice");
        r.ReadBytes(5, "serverToClientKey");
        PerLength.Read(ref r, Pdu, "serverDataLength");
        block = default;
        while (r.Left > 0)
        {
            var type = r.ReadUInt16("blockType");
            var length = r.ReadUInt16("blockLength");
            var start = frame.Length - r.Left;
            r.ReadBytes(length - BlockHeaderLength, "block");
            if (type != wanted) continue;
            block = start..(frame.Length - r.Left);
            return true;
        }
        return false;
    }
}
