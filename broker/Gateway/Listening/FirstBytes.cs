using System.Buffers.Binary;

namespace Montalegre.Vdi.Gateway.Listening;

/// <summary>What a connection seems to be.</summary>
internal enum Opening { Rdp, Tls, PlainHttp, PreconnectionBlob, Unknown }

/// <summary>Tells protocols apart by the first bytes that a client sends.</summary>
internal static class FirstBytes
{
    /// <summary>So many are looked at where preconnection blobs are taken: only the eighth tells one from the others.</summary>
    public const int WithPreconnection = 8;

    /// <summary>So many are looked at elsewhere.</summary>
    public const int Plain = 1;

    /// <summary>Judges the first <see cref="Plain"/> bytes, or <see cref="WithPreconnection"/>.</summary>
    public static Opening Judge(ReadOnlySpan<byte> first) => first switch
    {
        { Length: WithPreconnection } when IsPreconnectionBlob(first) => Opening.PreconnectionBlob,
        [0x03, ..] => Opening.Rdp,                                  // the version of TPKT, RFC 1006 6
        [0x16, ..] => Opening.Tls,                                  // a TLS record that holds a handshake, RFC 8446 5.1
        [>= (byte)'A' and <= (byte)'Z', ..] => Opening.PlainHttp,   // every method begins so
        _ => Opening.Unknown,
    };

    // MS-RDPEPS 2.2.1: a size of at most 16 bits in 32, then 32 bits of flags that are all zero. TPKT and TLS have
    // their lengths in the second half of the first four bytes, and neither length is ever zero.
    private static bool IsPreconnectionBlob(ReadOnlySpan<byte> first) =>
        BinaryPrimitives.ReadUInt32LittleEndian(first) is > 0 and <= ushort.MaxValue && BinaryPrimitives.ReadUInt32LittleEndian(first[4..]) == 0;
}
