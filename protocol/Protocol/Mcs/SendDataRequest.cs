using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Mcs;

/// <summary>MCS Send Data Request, T.125 section 7 (PER): how a client sends anything on a channel in slow-path.</summary>
public readonly ref struct SendDataRequest(ushort initiator, ushort channelId, ReadOnlySpan<byte> userData)
{
    /// <summary>DomainMCSPDU choice 25 in the upper six bits.</summary>
    public const byte Choice = 0x64;

    private const string Pdu = "SendDataRequest";
    private const byte HighPriorityBeginAndEnd = 0x70;

    /// <summary>The user id minus 1001, as it is on the wire.</summary>
    public ushort Initiator { get; } = initiator;

    public ushort ChannelId { get; } = channelId;

    public ReadOnlySpan<byte> UserData { get; } = userData;

    /// <summary>Reads one whole TPKT frame.</summary>
    public static SendDataRequest Read(ReadOnlySpan<byte> frame)
    {
        var r = new WireReader(frame, Pdu);
        X224Data.Read(ref r);
        r.Expect(Choice, r.ReadByte("choice"), "choice");
        var initiator = r.ReadUInt16BigEndian("initiator");
        var channel = r.ReadUInt16BigEndian("channelId");
        r.Expect(HighPriorityBeginAndEnd, r.ReadByte("priorityAndSegmentation") | 0x40u, "priorityAndSegmentation");
        var length = PerLength.Read(ref r, Pdu, "userDataLength");
        r.Expect((uint)length, (uint)r.Left, "userDataLength");
        return new(initiator, channel, r.Rest);
    }

    /// <summary>Writes everything before the user data, whose length must be known because PER gives it one byte or two.</summary>
    public static void WriteHeader(ref WireWriter w, ushort initiator, ushort channelId, int userDataLength)
    {
        X224Data.Write(ref w);
        w.WriteByte(Choice);
        w.WriteUInt16BigEndian(initiator);
        w.WriteUInt16BigEndian(channelId);
        w.WriteByte(HighPriorityBeginAndEnd);
        PerLength.Write(ref w, userDataLength, Pdu, "userDataLength");
    }
}
