using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Tls.OpenSsl;

/// <summary>What a server speaks inside TLS, as far as clients may choose (ALPN).</summary>
internal enum Alpn
{
    Nothing = 0,
    Http11 = 1,
    Http2AndHttp11 = 2,
}

/// <summary>Application-layer protocol negotiation, RFC 7301.</summary>
internal static unsafe class Negotiation
{
    private const int Chosen = 0;           // SSL_TLSEXT_ERR_OK
    private const int Refused = 2;          // SSL_TLSEXT_ERR_ALERT_FATAL

    private static ReadOnlySpan<byte> Http2 => "h2"u8;

    private static ReadOnlySpan<byte> Http11 => "http/1.1"u8;

    public static void Offer(SslContextHandle context, Alpn alpn)
    {
        if (alpn != Alpn.Nothing) SslApi.SetProtocolChoice(context, &Choose, (nint)(int)alpn);
    }

    /// <summary>True when the client chose HTTP/2.</summary>
    public static bool IsHttp2(SslHandle ssl)
    {
        byte* name;
        uint length;
        SslApi.ChosenProtocol(ssl, &name, &length);
        return name != null && new ReadOnlySpan<byte>(name, (int)length).SequenceEqual(Http2);
    }

    // A client that names protocols and none of ours is told so, as RFC 7301 3.2 wants it: who means another service must not end up here.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Choose(nint ssl, byte** chosen, byte* chosenLength, byte* offered, uint offeredLength, nint alpn)
    {
        var result = Refused;
        for (uint at = 0; at < offeredLength && at + 1 + offered[at] <= offeredLength; at += 1u + offered[at])
        {
            var name = new ReadOnlySpan<byte>(offered + at + 1, offered[at]);
            var isHttp2 = (Alpn)(int)alpn == Alpn.Http2AndHttp11 && name.SequenceEqual(Http2);
            if (!isHttp2 && !name.SequenceEqual(Http11)) continue;
            *chosen = offered + at + 1;
            *chosenLength = offered[at];
            result = Chosen;
            if (isHttp2) break;
        }
        return result;
    }
}
