using System.Buffers.Binary;
using System.Text;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Channels;

/// <summary>
/// Holds a <see cref="ChannelPolicy"/> on whole frames of both directions, in place and without changing a length:
/// requests are made such that the side which gets them refuses by itself, so that nothing has to be answered from here.
/// </summary>
/// <remarks>Not for two frames at once in one direction; the two directions may run side by side.</remarks>
public sealed class ChannelFilter(ChannelPolicy policy)
{
    private const string Pdu = "ChannelFilter";
    private const byte SendDataIndication = 0x68;
    private const byte ConnectPdu = 0x7F;
    private const int ChunkHeaderLength = 8;
    private const uint FirstChunk = 0x0000_0001;
    private const uint CompressedChunk = 0x0020_0000;

    private readonly IReadOnlySet<string> _dynamic = policy.BlockedDynamicChannels;
    private readonly DeviceAnnouncements _devices = new(policy);
    private IReadOnlyList<string> _names = [];
    private volatile Ids? _ids;

    /// <summary>Looks at one whole TPKT frame of the client.</summary>
    public void FromClient(Span<byte> frame)
    {
        switch (frame.Length > X224Data.HeaderLength ? frame[X224Data.HeaderLength] : 0)
        {
            case ConnectPdu:
                _names = ConnectInitial.Read(frame).Channels;
                break;
            case SendDataRequest.Choice when _ids is { } ids:
                var data = ChannelData(frame, out var channel);
                if (channel == ids.Io) ChannelCompression.TurnOff(data);
                else if (channel == ids.Clipboard && !policy.ClipboardFromDesktop) ClipboardRequests.Spoil(Chunk(data, out _));
                else if (channel == ids.Devices) _devices.Hide(Chunk(data, out var isFirst), isFirst);
                break;
        }
    }

    /// <summary>Looks at one whole TPKT frame of the machine.</summary>
    public void FromMachine(Span<byte> frame)
    {
        switch (frame.Length > X224Data.HeaderLength ? frame[X224Data.HeaderLength] : 0)
        {
            case ConnectPdu:
                _ids = Ids.Of(_names, ServerData.ReadChannels(frame, out var io), io);
                break;
            case SendDataIndication when _ids is { } ids:
                var data = ChannelData(frame, out var channel);
                if (channel == ids.Io) ChannelCompression.TurnOff(data);
                else if (channel == ids.Clipboard && !policy.ClipboardToDesktop) ClipboardRequests.Spoil(Chunk(data, out _));
                else if (channel == ids.Dynamic && _dynamic.Count > 0) RefuseCreation(Chunk(data, out _));
                break;
        }
    }

    /// <summary>DYNVC_CREATE_REQ, MS-RDPEDYC 2.2.2.1: a name that no client listens to is refused by the client itself.</summary>
    private void RefuseCreation(Span<byte> chunk)
    {
        const int createRequest = 1;
        if (chunk.IsEmpty || chunk[0] >> 4 != createRequest) return;
        var start = 1 + (1 << (chunk[0] & 0x03));
        if (chunk.Length <= start) WireFormatException.Throw(Pdu, "channelName", "is not in the first chunk");
        var name = chunk[start..];
        var end = name.IndexOf((byte)0);
        if (end > 0 && _dynamic.Contains(Encoding.Latin1.GetString(name[..end]))) name[0] = (byte)'~';
    }

    private static Span<byte> ChannelData(Span<byte> frame, out ushort channel)
    {
        var r = new WireReader(frame, Pdu);
        r.ReadBytes(X224Data.HeaderLength + 1 + 2, "mcs");
        channel = r.ReadUInt16BigEndian("channelId");
        r.ReadByte("priorityAndSegmentation");
        PerLength.Read(ref r, Pdu, "userDataLength");
        return frame[^r.Left..];
    }

    /// <summary>CHANNEL_PDU_HEADER, MS-RDPBCGR 2.2.6.1.1. Only the first chunk of a message has the message's header.</summary>
    private static Span<byte> Chunk(Span<byte> data, out bool isFirst)
    {
        if (data.Length < ChunkHeaderLength) WireFormatException.Throw(Pdu, "chunk", "has no header");
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
        if ((flags & CompressedChunk) != 0) WireFormatException.Throw(Pdu, "flags", "say that the chunk is compressed, which was not agreed");
        isFirst = (flags & FirstChunk) != 0;
        return data[ChunkHeaderLength..];
    }

    private sealed record Ids(ushort Io, ushort? Clipboard, ushort? Devices, ushort? Dynamic)
    {
        public static Ids Of(IReadOnlyList<string> names, ushort[] ids, ushort io)
        {
            return new(io, Find("cliprdr"), Find("rdpdr"), Find("drdynvc"));

            ushort? Find(string name)
            {
                for (var i = 0; i < Math.Min(names.Count, ids.Length); i++)
                    if (names[i] == name) return ids[i];
                return null;
            }
        }
    }
}
