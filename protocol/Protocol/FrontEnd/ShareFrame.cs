using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>pduType of the Share Control Header with protocol version 1, MS-RDPBCGR 2.2.8.1.1.1.1.</summary>
internal enum SharePduType : ushort
{
    DemandActive = 0x11,
    ConfirmActive = 0x13,
    Data = 0x17,
    Redirection = 0x1A,
}

/// <summary>pduType2 of the Share Data Header, MS-RDPBCGR 2.2.8.1.1.1.2; the ones this front end says or hears.</summary>
internal enum ShareDataType : byte
{
    Update = 2,
    Control = 20,
    Input = 28,
    Synchronize = 31,
    ShutdownRequest = 36,
    FontList = 39,
    FontMap = 40,
    ErrorInfo = 47,
}

/// <summary>A server PDU with Share Control Header and, for data PDUs, Share Data Header.</summary>
internal readonly ref struct ShareFrame
{
    /// <summary>Any value does; the client repeats it.</summary>
    public const uint ShareId = 0x000103EA;

    private const byte LowPriorityStream = 1;

    private readonly ServerFrame _frame;
    private readonly Span<byte> _totalLength;
    private readonly Span<byte> _uncompressedLength;
    private readonly int _start;

    private ShareFrame(ServerFrame frame, Span<byte> totalLength, Span<byte> uncompressedLength, int start)
    {
        _frame = frame;
        _totalLength = totalLength;
        _uncompressedLength = uncompressedLength;
        _start = start;
    }

    public static ShareFrame Begin(ref WireWriter w, SharePduType type)
    {
        var frame = ServerFrame.BeginData(ref w, ConnectResponse.IoChannel);
        var start = w.Written;
        var totalLength = w.Take(2);
        w.WriteUInt16((ushort)type);
        w.WriteUInt16(ServerFrame.ServerUser);
        return new(frame, totalLength, default, start);
    }

    public static ShareFrame BeginData(ref WireWriter w, ShareDataType type)
    {
        var begun = Begin(ref w, SharePduType.Data);
        w.WriteUInt32(ShareId);
        w.WriteByte(0);                                     // pad
        w.WriteByte(LowPriorityStream);
        var uncompressedLength = w.Take(2);
        w.WriteByte((byte)type);
        w.WriteByte(0);                                     // compressedType
        w.WriteUInt16(0);                                   // compressedLength
        return new(begun._frame, begun._totalLength, uncompressedLength, begun._start);
    }

    public void End(in WireWriter w)
    {
        var length = w.Written - _start;
        BinaryPrimitives.WriteUInt16LittleEndian(_totalLength, (ushort)length);
        if (!_uncompressedLength.IsEmpty) BinaryPrimitives.WriteUInt16LittleEndian(_uncompressedLength, (ushort)length);
        _frame.End(w);
    }
}
