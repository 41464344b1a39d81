using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.WebSockets;

/// <summary>The server's frames, RFC 6455 5.2: never masked, never fragmented.</summary>
public static class WebSocketFrame
{
    /// <summary>Header of a frame up to 65,535 bytes, the longest we send.</summary>
    public const int LongestHeader = 4;

    public const ushort NormalClosure = 1000;

    private static ReadOnlySpan<byte> AcceptSuffix => "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8;

    public static void WriteHeader(ref WireWriter w, WebSocketOpcode opcode, int length)
    {
        w.WriteByte((byte)(0x80 | (byte)opcode));
        if (length < 126)
        {
            w.WriteByte((byte)length);
            return;
        }
        w.WriteByte(126);
        w.WriteUInt16BigEndian(checked((ushort)length));
    }

    public static void WriteClose(ref WireWriter w, ushort status)
    {
        WriteHeader(ref w, WebSocketOpcode.Close, 2);
        w.WriteUInt16BigEndian(status);
    }

    /// <summary>Sec-WebSocket-Accept, RFC 6455 4.2.2, over the key exactly as sent: FreeRDP 2's is not base64.</summary>
    public static string Accept(string key)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 6455 names SHA-1; it proves understanding of the protocol, nothing else.
        SHA1.HashData([.. Encoding.Latin1.GetBytes(key), .. AcceptSuffix], hash);
#pragma warning restore CA5350
        return Convert.ToBase64String(hash);
    }
}
