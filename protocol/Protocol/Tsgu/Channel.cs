using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tsgu;

/// <summary>HTTP_CHANNEL_PACKET, MS-TSGU 2.2.10.2 and 2.2.10.3.</summary>
/// <param name="Resources">Names of the resource, then the alternatives, as the client wrote them.</param>
public sealed record TsguChannelCreate(ushort Port, ushort Protocol, IReadOnlyList<string> Resources)
{
    /// <summary>RDP, the only one there is.</summary>
    public const ushort Rdp = 3;

    private const string Pdu = "TsguChannelCreate";
    private const int LongestName = 1024;
    private const int MostNames = 50;

    public static TsguChannelCreate Read(ReadOnlySpan<byte> packet)
    {
        var r = TsguFrame.Open(packet, TsguPacketType.ChannelCreate, Pdu);
        var count = r.ReadByte("numResources") + r.ReadByte("numAltResources");
        if (count is 0 or > MostNames) WireFormatException.Throw(Pdu, "numResources", $"{count} names, must be 1 to {MostNames}");
        var port = r.ReadUInt16("port");
        var protocol = r.ReadUInt16("protocol");
        var names = new string[count];
        for (var i = 0; i < count; i++) names[i] = TsguFrame.ReadText(ref r, LongestName, Pdu, "resource");
        r.ExpectEnd("end");
        return new(port, protocol, names);
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var length = TsguFrame.Begin(ref w, TsguPacketType.ChannelCreate);
        w.WriteByte(checked((byte)Resources.Count));
        w.WriteByte(0);
        w.WriteUInt16(Port);
        w.WriteUInt16(Protocol);
        foreach (var name in Resources) TsguFrame.WriteText(ref w, name);
        TsguFrame.End(length, w.Written - start);
    }
}

/// <summary>HTTP_CHANNEL_RESPONSE, MS-TSGU 2.2.10.4 and 2.2.10.5. Windows wants an id that is not zero.</summary>
public readonly record struct TsguChannelResponse(TsguError Error, uint? ChannelId)
{
    private const string Pdu = "TsguChannelResponse";
    private const ushort HasChannelId = 0x01;

    public static TsguChannelResponse Read(ReadOnlySpan<byte> packet)
    {
        var r = TsguFrame.Open(packet, TsguPacketType.ChannelResponse, Pdu);
        var error = (TsguError)r.ReadUInt32("errorCode");
        var fields = r.ReadUInt16("fieldsPresent");
        r.ReadUInt16("reserved");
        uint? id = (fields & HasChannelId) != 0 ? r.ReadUInt32("channelId") : null;
        r.ExpectEnd("end");
        return new(error, id);
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var length = TsguFrame.Begin(ref w, TsguPacketType.ChannelResponse);
        w.WriteUInt32((uint)Error);
        w.WriteUInt16(ChannelId is null ? (ushort)0 : HasChannelId);
        w.WriteUInt16(0);
        if (ChannelId is { } id) w.WriteUInt32(id);
        TsguFrame.End(length, w.Written - start);
    }
}

/// <summary>The small packets that may come at any time once a tunnel stands.</summary>
public static class TsguSmall
{
    public const int KeepaliveLength = TsguFrame.HeaderLength;
    public const int CloseLength = TsguFrame.HeaderLength + 4;
    public const int ReauthenticationLength = TsguFrame.HeaderLength + 8;

    /// <summary>A text fits when it is shorter than this in characters.</summary>
    public const int LongestMessage = 4 * 1024;

    /// <summary>HTTP_KEEPALIVE_PACKET: a header and nothing else.</summary>
    public static void WriteKeepalive(ref WireWriter w) => TsguFrame.End(TsguFrame.Begin(ref w, TsguPacketType.Keepalive), KeepaliveLength);

    /// <summary>HTTP_CLOSE_PACKET, MS-TSGU 2.2.10.23: an order, or the answer to one.</summary>
    public static void WriteClose(ref WireWriter w, TsguCloseReason status, bool answer)
    {
        var length = TsguFrame.Begin(ref w, answer ? TsguPacketType.CloseChannelResponse : TsguPacketType.CloseChannel);
        w.WriteUInt32((uint)status);
        TsguFrame.End(length, CloseLength);
    }

    /// <summary>HTTP_REAUTH_MESSAGE, MS-TSGU 2.2.10.12: the client is to bring a new tunnel with this context.</summary>
    public static void WriteReauthentication(ref WireWriter w, ulong context)
    {
        var length = TsguFrame.Begin(ref w, TsguPacketType.Reauthentication);
        w.WriteUInt32((uint)context);
        w.WriteUInt32((uint)(context >> 32));
        TsguFrame.End(length, ReauthenticationLength);
    }

    /// <summary>HTTP_SERVICE_MESSAGE, MS-TSGU 2.2.10.13: shown to the person.</summary>
    public static void WriteServiceMessage(ref WireWriter w, string text)
    {
        var start = w.Written;
        var length = TsguFrame.Begin(ref w, TsguPacketType.ServiceMessage);
        TsguFrame.WriteText(ref w, text);
        TsguFrame.End(length, w.Written - start);
    }
}
