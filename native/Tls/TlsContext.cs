using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Tls.OpenSsl;

namespace Montalegre.Vdi.Tls;

/// <summary>
/// What all TLS connections of one kind share: TLS 1.2 and 1.3, no renegotiation, no compression, and no resumption but for
/// web clients. Their buffers exist only while bytes move.
/// </summary>
public sealed class TlsContext : IDisposable
{
    private TlsContext(nint method, bool resumes = false)
    {
        Handle = SslApi.NewContext(method);
        if (Handle.IsInvalid) throw OpenSslErrors.Unexpected("SSL_CTX_new");
        if (SslApi.ControlContext(Handle, SslApi.ControlMinimumVersion, SslApi.Tls12, 0) != 1) throw OpenSslErrors.Unexpected("SSL_CTX_set_min_proto_version");
        // These answer what was set before, and cannot fail.
        _ = SslApi.ControlContext(Handle, SslApi.ControlMode, SslApi.ModePartialWrite | SslApi.ModeMovingWriteBuffer | SslApi.ModeReleaseBuffers, 0);
        _ = SslApi.ControlContext(Handle, SslApi.ControlSessionCache, 0, 0);
        if (!resumes) _ = SslApi.SetTicketCount(Handle, 0);
        // A peer that closes TCP without ending TLS has left like any other: RDP frames say themselves where they end.
        _ = SslApi.SetOptions(Handle, SslApi.OptionNoRenegotiation | SslApi.OptionNoCompression | SslApi.OptionIgnoreUnexpectedEnd | (resumes ? 0 : SslApi.OptionNoTicket));
    }

    internal SslContextHandle Handle { get; }

    /// <summary>For connections that we accept.</summary>
    /// <param name="leaf">The certificate, with its private key exportable.</param>
    /// <param name="chain">The certificates between it and the root, in order.</param>
    public static TlsContext Server(X509Certificate2 leaf, IEnumerable<X509Certificate2> chain) => Server(leaf, chain, Alpn.Nothing);

    /// <summary>For connections that web clients open: they choose their protocol (ALPN), and may resume by ticket.</summary>
    /// <param name="leaf">The certificate, with its private key exportable.</param>
    /// <param name="chain">The certificates between it and the root, in order.</param>
    /// <param name="http2">Whether HTTP/2 is spoken beside HTTP/1.1.</param>
    public static TlsContext WebServer(X509Certificate2 leaf, IEnumerable<X509Certificate2> chain, bool http2) =>
        Server(leaf, chain, http2 ? Alpn.Http2AndHttp11 : Alpn.Http11);

    private static TlsContext Server(X509Certificate2 leaf, IEnumerable<X509Certificate2> chain, Alpn alpn)
    {
        var context = new TlsContext(SslApi.ServerMethod(), resumes: alpn != Alpn.Nothing);
        try
        {
            Negotiation.Offer(context.Handle, alpn);
            context.Use(leaf);
            foreach (var certificate in chain) context.Send(certificate);
            return context;
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>For connections that we open. Nobody is trusted by a chain: each handshake is given the peer's fingerprint.</summary>
    public static TlsContext Client() => new(SslApi.ClientMethod());

    /// <summary>Connections made from it live on.</summary>
    public void Dispose() => Handle.Dispose();

    private unsafe void Use(X509Certificate2 leaf)
    {
        var certificate = leaf.RawData;
        fixed (byte* at = certificate)
        {
            if (SslApi.UseCertificate(Handle, certificate.Length, at) != 1) throw OpenSslErrors.Unexpected("SSL_CTX_use_certificate_ASN1");
        }
        var pkcs8 = KeyOf(leaf).ExportPkcs8PrivateKey();
        try
        {
            fixed (byte* at = pkcs8)
            {
                var next = at;
                using var key = CryptoApi.ReadKey(0, &next, pkcs8.Length);
                if (key.IsInvalid) throw OpenSslErrors.Unexpected("d2i_AutoPrivateKey");
                if (SslApi.UseKey(Handle, key) != 1 || SslApi.CheckKey(Handle) != 1) throw OpenSslErrors.Unexpected("SSL_CTX_use_PrivateKey");
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    private static AsymmetricAlgorithm KeyOf(X509Certificate2 leaf) =>
        (AsymmetricAlgorithm?)leaf.GetECDsaPrivateKey() ?? leaf.GetRSAPrivateKey()
        ?? throw new NotSupportedException($"The certificate {leaf.Subject} has neither an ECDSA nor an RSA private key.");

    private unsafe void Send(X509Certificate2 intermediate)
    {
        var der = intermediate.RawData;
        fixed (byte* at = der)
        {
            var next = at;
            var certificate = CryptoApi.ReadCertificate(0, &next, der.Length);
            if (certificate == 0) throw OpenSslErrors.Unexpected("d2i_X509");
            // The context owns it from here on, but only when it took it.
            if (SslApi.ControlContext(Handle, SslApi.ControlExtraChainCertificate, 0, certificate) == 1) return;
            CryptoApi.FreeCertificate(certificate);
            throw OpenSslErrors.Unexpected("SSL_CTX_add_extra_chain_cert");
        }
    }
}
