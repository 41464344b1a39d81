using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>The MCS domain PDUs a server answers with, T.125 section 7 (PER), MS-RDPBCGR 2.2.1.7 and 2.2.1.9.</summary>
internal static class DomainAnswers
{
    private const ushort FirstUser = 1001;

    public static void WriteAttachUserConfirm(ref WireWriter w)
    {
        var frame = ServerFrame.Begin(ref w);
        w.WriteByte(0x2E);                                  // AttachUserConfirm with an initiator
        w.WriteByte(0);                                     // rt-successful
        w.WriteUInt16BigEndian(ConnectResponse.UserChannel - FirstUser);
        frame.End(w);
    }

    public static void WriteChannelJoinConfirm(ref WireWriter w, ushort channelId)
    {
        var frame = ServerFrame.Begin(ref w);
        w.WriteByte(0x3E);                                  // ChannelJoinConfirm with a channel
        w.WriteByte(0);                                     // rt-successful
        w.WriteUInt16BigEndian(ConnectResponse.UserChannel - FirstUser);
        w.WriteUInt16BigEndian(channelId);
        w.WriteUInt16BigEndian(channelId);
        frame.End(w);
    }

    /// <summary>MCS Disconnect Provider Ultimatum with the reason "user requested", as Windows ends every session.</summary>
    public static void WriteDisconnect(ref WireWriter w)
    {
        var frame = ServerFrame.Begin(ref w);
        w.WriteByte(0x21);
        w.WriteByte(0x80);
        frame.End(w);
    }
}
