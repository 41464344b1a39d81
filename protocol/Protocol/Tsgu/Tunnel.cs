using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tsgu;

/// <summary>HTTP_TUNNEL_PACKET, MS-TSGU 2.2.10.18 and 2.2.10.19.</summary>
/// <param name="ReauthenticationContext">Present when a running tunnel proves itself again.</param>
/// <param name="Cookie">The bytes of the PAA cookie as they came; null when there is none. They are a secret.</param>
public sealed record TsguTunnelCreate(TsguCapabilities Capabilities, ulong? ReauthenticationContext, byte[]? Cookie)
{
    /// <summary>Our limit; the specification has none, and tokens of other vendors reach a few kilobytes.</summary>
    public const int LongestCookie = 8 * 1024;

    private const string Pdu = "TsguTunnelCreate";
    private const ushort HasCookie = 0x01;
    private const ushort HasReauthentication = 0x02;

    public static TsguTunnelCreate Read(ReadOnlySpan<byte> packet)
    {
        var r = TsguFrame.Open(packet, TsguPacketType.TunnelCreate, Pdu);
        var capabilities = (TsguCapabilities)r.ReadUInt32("capsFlags");
        var fields = r.ReadUInt16("fieldsPresent");
        r.ReadUInt16("reserved");
        if ((fields & ~(HasCookie | HasReauthentication)) != 0) WireFormatException.Throw(Pdu, "fieldsPresent", $"0x{fields:X} names unknown fields");
        ulong? context = null;
        if ((fields & HasReauthentication) != 0) context = r.ReadUInt32("reauthTunnelContext") | ((ulong)r.ReadUInt32("reauthTunnelContext") << 32);
        byte[]? cookie = null;
        if ((fields & HasCookie) != 0) cookie = TsguFrame.ReadBlob(ref r, LongestCookie, Pdu, "PAACookie").ToArray();
        r.ExpectEnd("end");
        return new(capabilities, context, cookie);
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var length = TsguFrame.Begin(ref w, TsguPacketType.TunnelCreate);
        w.WriteUInt32((uint)Capabilities);
        w.WriteUInt16((ushort)((Cookie is null ? 0 : HasCookie) | (ReauthenticationContext is null ? 0 : HasReauthentication)));
        w.WriteUInt16(0);
        if (ReauthenticationContext is { } context)
        {
            w.WriteUInt32((uint)context);
            w.WriteUInt32((uint)(context >> 32));
        }
        if (Cookie is not null)
        {
            w.WriteUInt16(checked((ushort)Cookie.Length));
            w.WriteBytes(Cookie);
        }
        TsguFrame.End(length, w.Written - start);
    }

    /// <summary>The cookie must not reach a log by way of this record's text.</summary>
    public override string ToString() => $"TsguTunnelCreate {{ Capabilities = {Capabilities}, Cookie = {(Cookie is null ? "none" : "present")} }}";
}

/// <summary>HTTP_TUNNEL_RESPONSE, MS-TSGU 2.2.10.20 and 2.2.10.21, without the health fields that we never ask for.</summary>
public sealed record TsguTunnelResponse(TsguError Status, uint? TunnelId, TsguCapabilities? Capabilities, string? Consent)
{
    public const int LongestConsent = 8 * 1024;

    private const string Pdu = "TsguTunnelResponse";
    private const ushort HasTunnelId = 0x01;
    private const ushort HasCapabilities = 0x02;
    private const ushort HasConsent = 0x10;

    public static TsguTunnelResponse Read(ReadOnlySpan<byte> packet)
    {
        var r = TsguFrame.Open(packet, TsguPacketType.TunnelResponse, Pdu);
        r.ReadUInt16("serverVersion");
        var status = (TsguError)r.ReadUInt32("statusCode");
        var fields = r.ReadUInt16("fieldsPresent");
        r.ReadUInt16("reserved");
        uint? id = (fields & HasTunnelId) != 0 ? r.ReadUInt32("tunnelId") : null;
        TsguCapabilities? capabilities = (fields & HasCapabilities) != 0 ? (TsguCapabilities)r.ReadUInt32("capsFlags") : null;
        string? consent = null;
        if ((fields & HasConsent) != 0) consent = System.Text.Encoding.Unicode.GetString(TsguFrame.ReadBlob(ref r, LongestConsent, Pdu, "consentMsg")).TrimEnd('\0');
        r.ExpectEnd("end");
        return new(status, id, capabilities, consent);
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var length = TsguFrame.Begin(ref w, TsguPacketType.TunnelResponse);
        w.WriteUInt16(0);
        w.WriteUInt32((uint)Status);
        w.WriteUInt16((ushort)((TunnelId is null ? 0 : HasTunnelId) | (Capabilities is null ? 0 : HasCapabilities) | (Consent is null ? 0 : HasConsent)));
        w.WriteUInt16(0);
        if (TunnelId is { } id) w.WriteUInt32(id);
        if (Capabilities is { } capabilities) w.WriteUInt32((uint)capabilities);
        if (Consent is not null) TsguFrame.WriteText(ref w, Consent);
        TsguFrame.End(length, w.Written - start);
    }
}

/// <summary>HTTP_TUNNEL_AUTH_PACKET, MS-TSGU 2.2.10.14 and 2.2.10.15. The name is what the client says of its own computer.</summary>
public sealed record TsguTunnelAuthentication(string ClientName)
{
    private const string Pdu = "TsguTunnelAuthentication";
    private const int LongestName = 512;
    private const int LongestHealth = 8 * 1024;
    private const ushort HasHealth = 0x01;

    public static TsguTunnelAuthentication Read(ReadOnlySpan<byte> packet)
    {
        var r = TsguFrame.Open(packet, TsguPacketType.TunnelAuthentication, Pdu);
        var fields = r.ReadUInt16("fieldsPresent");
        var name = TsguFrame.ReadText(ref r, LongestName, Pdu, "clientName");
        if ((fields & HasHealth) != 0) TsguFrame.ReadBlob(ref r, LongestHealth, Pdu, "statementOfHealth");   // read past; never asked for
        r.ExpectEnd("end");
        return new(name);
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var length = TsguFrame.Begin(ref w, TsguPacketType.TunnelAuthentication);
        w.WriteUInt16(0);
        TsguFrame.WriteText(ref w, ClientName);
        TsguFrame.End(length, w.Written - start);
    }
}

/// <summary>HTTP_TUNNEL_AUTH_RESPONSE, MS-TSGU 2.2.10.16 and 2.2.10.17.</summary>
/// <param name="IdleMinutes">0 means no idle time-out.</param>
public sealed record TsguTunnelAuthenticationResponse(TsguError Error, TsguRedirection? Redirection, uint? IdleMinutes)
{
    private const string Pdu = "TsguTunnelAuthenticationResponse";
    private const ushort HasRedirection = 0x01;
    private const ushort HasIdleTimeout = 0x02;

    public static TsguTunnelAuthenticationResponse Read(ReadOnlySpan<byte> packet)
    {
        var r = TsguFrame.Open(packet, TsguPacketType.TunnelAuthenticationResponse, Pdu);
        var error = (TsguError)r.ReadUInt32("errorCode");
        var fields = r.ReadUInt16("fieldsPresent");
        r.ReadUInt16("reserved");
        TsguRedirection? redirection = (fields & HasRedirection) != 0 ? (TsguRedirection)r.ReadUInt32("redirFlags") : null;
        uint? idle = (fields & HasIdleTimeout) != 0 ? r.ReadUInt32("idleTimeout") : null;
        r.ExpectEnd("end");
        return new(error, redirection, idle);
    }

    public void Write(ref WireWriter w)
    {
        var start = w.Written;
        var length = TsguFrame.Begin(ref w, TsguPacketType.TunnelAuthenticationResponse);
        w.WriteUInt32((uint)Error);
        w.WriteUInt16((ushort)((Redirection is null ? 0 : HasRedirection) | (IdleMinutes is null ? 0 : HasIdleTimeout)));
        w.WriteUInt16(0);
        if (Redirection is { } redirection) w.WriteUInt32((uint)redirection);
        if (IdleMinutes is { } minutes) w.WriteUInt32(minutes);
        TsguFrame.End(length, w.Written - start);
    }
}
