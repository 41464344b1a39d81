namespace Montalegre.Vdi.Protocol.Tsgu;

/// <summary>Packet types of the HTTP transport, MS-TSGU 2.2.5.3.3.</summary>
public enum TsguPacketType : ushort
{
    HandshakeRequest = 0x01,
    HandshakeResponse = 0x02,
    ExtendedAuthentication = 0x03,
    TunnelCreate = 0x04,
    TunnelResponse = 0x05,
    TunnelAuthentication = 0x06,
    TunnelAuthenticationResponse = 0x07,
    ChannelCreate = 0x08,
    ChannelResponse = 0x09,
    Data = 0x0A,
    ServiceMessage = 0x0B,
    Reauthentication = 0x0C,
    Keepalive = 0x0D,
    CloseChannel = 0x10,
    CloseChannelResponse = 0x11,
}

/// <summary>What a client can show or do, and what we offer, MS-TSGU 2.2.5.3.9.</summary>
[Flags]
public enum TsguCapabilities : uint
{
    None = 0,
    StatementOfHealth = 0x01,
    IdleTimeout = 0x02,
    Consent = 0x04,
    ServiceMessage = 0x08,
    Reauthentication = 0x10,
    UdpTransport = 0x20,
}

/// <summary>Ways to prove who one is inside the tunnel, MS-TSGU 2.2.5.3.2.</summary>
[Flags]
public enum ExtendedAuthentication : ushort
{
    None = 0,
    SmartCard = 0x01,
    Cookie = 0x02,                          // PAA, pluggable authentication: our ticket
    Ntlm = 0x04,
}

/// <summary>What a client may not redirect, MS-TSGU 2.2.5.3.7; a set bit takes away.</summary>
[Flags]
public enum TsguRedirection : uint
{
    AllAllowed = 0,
    NoDrives = 0x01,
    NoPrinters = 0x02,
    NoPorts = 0x04,
    NoClipboard = 0x08,
    NoPlugAndPlay = 0x10,
    NothingAllowed = 0x4000_0000,
    EverythingAllowed = 0x8000_0000,
}

/// <summary>Return codes clients name to the person, MS-TSGU 2.2.6.</summary>
public enum TsguError : uint
{
    None = 0,
    /// <summary>E_PROXY_INTERNALERROR.</summary>
    Internal = 0x8007_59D8,
    /// <summary>E_PROXY_RAP_ACCESSDENIED: not this resource.</summary>
    ResourceDenied = 0x8007_59DA,
    /// <summary>E_PROXY_TS_CONNECTFAILED: the resource does not answer.</summary>
    TargetUnreachable = 0x8007_59DD,
    /// <summary>E_PROXY_CAPABILITYMISMATCH.</summary>
    CapabilityMismatch = 0x8007_59E9,
    /// <summary>E_PROXY_SESSIONTIMEOUT.</summary>
    SessionTimeout = 0x8007_59F6,
    /// <summary>E_PROXY_COOKIE_BADPACKET.</summary>
    CookieBadPacket = 0x8007_59F7,
    /// <summary>E_PROXY_COOKIE_AUTHENTICATION_ACCESS_DENIED.</summary>
    CookieDenied = 0x8007_59F8,
    /// <summary>E_PROXY_UNSUPPORTED_AUTHENTICATION_METHOD.</summary>
    AuthenticationMethod = 0x8007_59F9,
}

/// <summary>Why the gateway closes an open channel: status codes of HTTP_CLOSE_PACKET, MS-TSGU 2.2.6 and 3.3.6, which are bare numbers there and no HRESULTs.</summary>
public enum TsguCloseReason : uint
{
    None = 0,
    /// <summary>ERROR_GRACEFUL_DISCONNECT: the resource ended it in good order, as at a log-off.</summary>
    ResourceClosed = 0x04CA,
    /// <summary>E_PROXY_CONNECTIONABORTED: an administrator, or the gateway itself.</summary>
    Aborted = 0x04D4,
    /// <summary>E_PROXY_INTERNALERROR.</summary>
    Internal = 0x59D8,
    /// <summary>E_PROXY_TS_CONNECTFAILED: the resource is gone.</summary>
    ResourceLost = 0x59DD,
    /// <summary>E_PROXY_SESSIONTIMEOUT.</summary>
    IdleTimeout = 0x59F6,
    /// <summary>E_PROXY_REAUTH_AUTHN_FAILED: the client did not prove itself again.</summary>
    ProofMissing = 0x59FA,
    /// <summary>E_PROXY_REAUTH_CAP_FAILED: the person may not come through this gateway any more.</summary>
    PersonNotAllowed = 0x59FB,
    /// <summary>E_PROXY_REAUTH_RAP_FAILED: the person may not reach this resource any more.</summary>
    ResourceNotAllowed = 0x59FC,
}
