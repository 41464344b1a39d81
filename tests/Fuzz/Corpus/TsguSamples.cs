using System.Text;

namespace Montalegre.Vdi.Fuzz.Corpus;

/// <summary>MS-TSGU packets as xfreerdp 2.11 sends them, and the answers it takes.</summary>
internal static class TsguSamples
{
    public static byte[] HandshakeRequest =>
    [
        0x01, 0x00, 0x00, 0x00, 0x0E, 0x00, 0x00, 0x00,     // PKT_TYPE_HANDSHAKE_REQUEST, 14 bytes
        0x01, 0x00,                                         // verMajor, verMinor
        0x00, 0x00,                                         // clientVersion
        0x02, 0x00,                                         // extendedAuth = PAA
    ];

    public static byte[] HandshakeResponse =>
    [
        0x02, 0x00, 0x00, 0x00, 0x12, 0x00, 0x00, 0x00,     // PKT_TYPE_HANDSHAKE_RESPONSE, 18 bytes
        0x00, 0x00, 0x00, 0x00,                             // errorCode
        0x01, 0x00,                                         // verMajor, verMinor
        0x00, 0x00,                                         // serverVersion
        0x02, 0x00,                                         // extendedAuth = PAA
    ];

    /// <summary>With the ticket of <see cref="Samples.Ticket"/> as cookie, in UTF-16 with its NUL.</summary>
    public static byte[] TunnelCreate =>
    [
        0x04, 0x00, 0x00, 0x00, 0x6A, 0x00, 0x00, 0x00,     // PKT_TYPE_TUNNEL_CREATE, 106 bytes
        0x0D, 0x00, 0x00, 0x00,                             // capsFlags = SoH | consent | service message
        0x01, 0x00,                                         // fieldsPresent = PAA cookie
        0x00, 0x00,                                         // reserved
        0x58, 0x00,                                         // cookie, 88 bytes
        .. Encoding.Unicode.GetBytes(Samples.Ticket), 0x00, 0x00,
    ];

    /// <summary>A tunnel that proves itself again: context 0x1122334455667788, cookie "A".</summary>
    public static byte[] TunnelCreateAgain =>
    [
        0x04, 0x00, 0x00, 0x00, 0x1C, 0x00, 0x00, 0x00,     // 28 bytes
        0x1E, 0x00, 0x00, 0x00,                             // capsFlags
        0x03, 0x00, 0x00, 0x00,                             // fieldsPresent = PAA cookie | reauthentication
        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,     // reauthTunnelContext
        0x02, 0x00, 0x41, 0x00,                             // cookie without NUL
    ];

    public static byte[] TunnelResponse =>
    [
        0x05, 0x00, 0x00, 0x00, 0x20, 0x00, 0x00, 0x00,     // PKT_TYPE_TUNNEL_RESPONSE, 32 bytes
        0x00, 0x00,                                         // serverVersion
        0x00, 0x00, 0x00, 0x00,                             // statusCode
        0x13, 0x00, 0x00, 0x00,                             // fieldsPresent = tunnel id | capabilities | consent
        0x07, 0x00, 0x00, 0x00,                             // tunnelId
        0x0E, 0x00, 0x00, 0x00,                             // caps = idle time-out | consent | service message
        0x04, 0x00, 0x21, 0x00, 0x00, 0x00,                 // consentMsg "!" with its NUL
    ];

    public static byte[] TunnelAuthentication =>
    [
        0x06, 0x00, 0x00, 0x00, 0x1E, 0x00, 0x00, 0x00,     // PKT_TYPE_TUNNEL_AUTH, 30 bytes
        0x00, 0x00,                                         // fieldsPresent
        0x12, 0x00,                                         // clientName, 18 bytes
        0x6F, 0x00, 0x66, 0x00, 0x66, 0x00, 0x69, 0x00, 0x63, 0x00, 0x65, 0x00, 0x2D, 0x00, 0x37, 0x00, 0x00, 0x00, // "office-7"
    ];

    public static byte[] TunnelAuthenticationResponse =>
    [
        0x07, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00,     // PKT_TYPE_TUNNEL_AUTH_RESPONSE, 24 bytes
        0x00, 0x00, 0x00, 0x00,                             // errorCode
        0x03, 0x00, 0x00, 0x00,                             // fieldsPresent = redirection flags | idle time-out
        0x09, 0x00, 0x00, 0x00,                             // redirFlags = no drives, no clipboard
        0x1E, 0x00, 0x00, 0x00,                             // idleTimeout, 30 minutes
    ];

    public static byte[] ChannelCreate =>
    [
        0x08, 0x00, 0x00, 0x00, 0x1E, 0x00, 0x00, 0x00,     // PKT_TYPE_CHANNEL_CREATE, 30 bytes
        0x01, 0x00,                                         // numResources, numAltResources
        0x3D, 0x0D,                                         // port 3389
        0x03, 0x00,                                         // protocol
        0x0E, 0x00,                                         // resource, 14 bytes
        0x64, 0x00, 0x65, 0x00, 0x73, 0x00, 0x6B, 0x00, 0x2D, 0x00, 0x31, 0x00, 0x00, 0x00, // "desk-1"
    ];

    public static byte[] ChannelResponse =>
    [
        0x09, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00,     // PKT_TYPE_CHANNEL_RESPONSE, 20 bytes
        0x00, 0x00, 0x00, 0x00,                             // errorCode
        0x01, 0x00, 0x00, 0x00,                             // fieldsPresent = channel id
        0x01, 0x00, 0x00, 0x00,                             // channelId
    ];

    public static byte[] Data => [0x0A, 0x00, 0x00, 0x00, 0x0D, 0x00, 0x00, 0x00, 0x03, 0x00, 0xAA, 0xBB, 0xCC];

    public static byte[] Keepalive => [0x0D, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00];

    public static byte[] CloseChannel => [0x10, 0x00, 0x00, 0x00, 0x0C, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00];

    public static byte[] Reauthentication => [0x0C, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11];

    /// <summary>Two fragments of a message with a ping between them, then a close.</summary>
    public static byte[] WebSocket =>
    [
        0x02, 0x83, 0x01, 0x02, 0x03, 0x04, 0xAB, 0xB9, 0xCF,       // binary, not final, masked, AA BB CC
        0x89, 0x82, 0xFF, 0x00, 0xFF, 0x00, 0x97, 0x69,             // ping "hi"
        0x80, 0xFE, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, .. Enumerable.Range(0, 128).Select(i => (byte)i), // final, 128 bytes, key 0
        0x88, 0x82, 0x00, 0x00, 0x00, 0x00, 0x03, 0xE8,             // close 1000
    ];

    public static byte[] Chunks => [.. "3\r\n"u8, 0xAA, 0xBB, 0xCC, .. "\r\n0a;name=value\r\n0123456789\r\n0\r\n\r\n"u8];

    /// <summary>As xfreerdp 2.11 asks; its key is no base64 of 16 bytes.</summary>
    public static byte[] Upgrade => Encoding.ASCII.GetBytes(
        "RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\nCache-Control: no-cache\r\nConnection: Upgrade\r\nPragma: no-cache\r\nAccept: */*\r\n"
        + "User-Agent: MS-RDGateway/1.0\r\nHost: gateway.test:443\r\nRDG-Connection-Id: {0f0e0d0c-0b0a-0908-0706-050403020100}\r\n"
        + "RDG-Auth-Scheme: PAA\r\nUpgrade: websocket\r\nSec-Websocket-Version: 13\r\nSec-Websocket-Key: dGhlIHNhbXBsZS\r\n\r\n");
}
