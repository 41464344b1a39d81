using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>One server to client frame: TPKT, X.224 data and, on a channel, MCS Send Data Indication (T.125 section 7). Lengths are filled in at the end.</summary>
internal readonly ref struct ServerFrame
{
    /// <summary>DomainMCSPDU choice 26 in the upper six bits.</summary>
    public const byte SendDataIndication = 0x68;

    /// <summary>The server's own MCS user, as Windows numbers it.</summary>
    public const ushort ServerUser = 1002;

    private const ushort FirstUser = 1001;
    private const byte HighPriorityBeginAndEnd = 0x70;
    private const int LongestUserData = 0x3FFF;

    private readonly Span<byte> _tpktLength;
    private readonly Span<byte> _userDataLength;
    private readonly int _start;
    private readonly int _userDataStart;

    private ServerFrame(Span<byte> tpktLength, Span<byte> userDataLength, int start, int userDataStart)
    {
        _tpktLength = tpktLength;
        _userDataLength = userDataLength;
        _start = start;
        _userDataStart = userDataStart;
    }

    /// <summary>A frame that carries a domain or connect PDU of MCS itself.</summary>
    public static ServerFrame Begin(ref WireWriter w)
    {
        var start = w.Written;
        var tpktLength = TpktFrame.Begin(ref w);
        X224Data.Write(ref w);
        return new(tpktLength, default, start, 0);
    }

    /// <summary>A frame that carries data on a channel.</summary>
    public static ServerFrame BeginData(ref WireWriter w, ushort channelId)
    {
        var start = w.Written;
        var tpktLength = TpktFrame.Begin(ref w);
        X224Data.Write(ref w);
        w.WriteByte(SendDataIndication);
        w.WriteUInt16BigEndian(ServerUser - FirstUser);
        w.WriteUInt16BigEndian(channelId);
        w.WriteByte(HighPriorityBeginAndEnd);
        var userDataLength = w.Take(2);                     // PER allows the two-byte form for short lengths too
        return new(tpktLength, userDataLength, start, w.Written);
    }

    public void End(in WireWriter w)
    {
        TpktFrame.End(_tpktLength, w.Written - _start);
        if (_userDataLength.IsEmpty) return;
        var length = w.Written - _userDataStart;
        if (length > LongestUserData) WireFormatException.Throw(nameof(ServerFrame), "userData", $"{length} bytes is over {LongestUserData}");
        BinaryPrimitives.WriteUInt16BigEndian(_userDataLength, (ushort)(0x8000 | length));
    }
}
