using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tsgu;

/// <summary>Takes the packets of an open channel apart, in the buffer they came in: no copy is kept, nothing is allocated.</summary>
public sealed class TsguDataReader
{
    private const int LongestHeader = TsguSmall.ReauthenticationLength;
    private readonly byte[] _header = new byte[LongestHeader];
    private int _filled;
    private int _left;

    /// <summary>A keepalive came since this was last asked.</summary>
    public bool KeepaliveCame { get => field && !(field = false); private set; }

    /// <summary>The client closed the channel; what came behind is dropped.</summary>
    public bool Closed { get; private set; }

    /// <summary>True when the close was the answer to ours.</summary>
    public bool CloseAnswered { get; private set; }

    /// <summary>Moves the payload of DATA packets (MS-TSGU 2.2.10.6) to the front and answers how much it is.</summary>
    public int Unwrap(Span<byte> bytes)
    {
        int read = 0, written = 0;
        while (read < bytes.Length && !Closed)
        {
            if (_left > 0)
            {
                var moved = Math.Min(_left, bytes.Length - read);
                bytes.Slice(read, moved).CopyTo(bytes[written..]);
                read += moved;
                written += moved;
                _left -= moved;
                continue;
            }
            var taken = Math.Min(Wanted() - _filled, bytes.Length - read);
            bytes.Slice(read, taken).CopyTo(_header.AsSpan(_filled));
            read += taken;
            _filled += taken;
            if (_filled == Wanted()) Complete();
        }
        return written;
    }

    /// <summary>How many bytes make the header that is being read: the common part first, then what its type adds.</summary>
    private int Wanted()
    {
        if (_filled < TsguFrame.HeaderLength) return TsguFrame.HeaderLength;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(4));
        var (least, most, header) = (TsguPacketType)BinaryPrimitives.ReadUInt16LittleEndian(_header) switch
        {
            TsguPacketType.Data => (TsguFrame.HeaderLength + 2, TsguFrame.LongestPacket, TsguFrame.HeaderLength + 2),
            TsguPacketType.Keepalive => (TsguSmall.KeepaliveLength, TsguSmall.KeepaliveLength, TsguSmall.KeepaliveLength),
            TsguPacketType.CloseChannel or TsguPacketType.CloseChannelResponse => (TsguSmall.CloseLength, TsguSmall.CloseLength, TsguSmall.CloseLength),
            TsguPacketType.Reauthentication => (TsguSmall.ReauthenticationLength, TsguSmall.ReauthenticationLength, TsguSmall.ReauthenticationLength),
            var other => throw new WireFormatException($"TsguPacket.packetType: 0x{(ushort)other:X} has no place in an open channel"),
        };
        if (length < least || length > most) WireFormatException.Throw("TsguPacket", "packetLength", $"{length} bytes, must be {least} to {most}");
        return header;
    }

    private void Complete()
    {
        switch ((TsguPacketType)BinaryPrimitives.ReadUInt16LittleEndian(_header))
        {
            case TsguPacketType.Data when _filled > TsguFrame.HeaderLength:
                _left = BinaryPrimitives.ReadUInt16LittleEndian(_header.AsSpan(TsguFrame.HeaderLength));
                if (_left != BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(4)) - TsguFrame.HeaderLength - 2)
                    WireFormatException.Throw("TsguData", "cbDataLen", $"{_left} bytes is not what the packet holds");
                break;
            case TsguPacketType.Keepalive: KeepaliveCame = true; break;
            case TsguPacketType.CloseChannel: Closed = true; break;
            case TsguPacketType.CloseChannelResponse: Closed = CloseAnswered = true; break;
        }
        _filled = 0;
    }
}

/// <summary>DATA packets as they go out.</summary>
public static class TsguDataHeader
{
    public const int Length = TsguFrame.HeaderLength + 2;

    /// <summary>Writes the header of a DATA packet that carries so many bytes.</summary>
    public static void Write(Span<byte> target, int payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)TsguPacketType.Data);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], (uint)(Length + payload));
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], (ushort)payload);
    }
}
