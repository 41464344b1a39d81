using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Channels;

/// <summary>The channel ids in an MCS Connect Response, MS-RDPBCGR 2.2.1.4 and 2.2.1.4.4.</summary>
internal static class ServerNetworkData
{
    private const string Pdu = "ConnectResponse";
    private const ushort NetworkBlock = 0x0C03;
    private const int MostChannels = 31;

    /// <summary>Reads one whole TPKT frame; ids in the order of the client's names.</summary>
    public static ushort[] Read(ReadOnlySpan<byte> frame, out ushort ioChannel)
    {
        ioChannel = 0;
        var r = new WireReader(frame, Pdu);
        X224Data.Read(ref r);
        r.Expect(0x7F, r.ReadByte("tag"), "tag");
        r.Expect(0x66, r.ReadByte("tag"), "tag");
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
        while (r.Left > 0)
        {
            var type = r.ReadUInt16("blockType");
            var length = r.ReadUInt16("blockLength");
            var body = new WireReader(r.ReadBytes(length - 4, "block"), Pdu);
            if (type != NetworkBlock) continue;
            ioChannel = body.ReadUInt16("ioChannel");
            var count = body.ReadUInt16("channelCount");
            if (count > MostChannels) WireFormatException.Throw(Pdu, "channelCount", $"{count} is over {MostChannels}");
            var ids = new ushort[count];
            for (var i = 0; i < ids.Length; i++) ids[i] = body.ReadUInt16("channelId");
            return ids;
        }
        return [];
    }
}
