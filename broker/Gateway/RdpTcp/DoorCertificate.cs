using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>The certificate that clients see, with everything about it worked out once instead of once a connection.</summary>
internal sealed class DoorCertificate : IDisposable
{
    private static readonly TimeSpan SelfSignedLife = TimeSpan.FromDays(825);   // the longest that Apple's clients accept

    public DoorCertificate(IOptions<GatewayOptions> options, TimeProvider time, ILogger<DoorCertificate> log)
    {
        var (leaf, chain) = options.Value.CertificateFile is { } file
            ? Load(file, options.Value.CertificateKeyFile!)
            : (SelfSigned(options.Value, time.GetUtcNow()), []);
        if (options.Value.CertificateFile is null) log.SelfSigned(leaf.GetCertHashString(HashAlgorithmName.SHA256));
        Options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
        };
        Rdp = TlsContext.Server(leaf, chain);
        Web = TlsContext.WebServer(leaf, chain, http2: true);
        Tunnel = TlsContext.WebServer(leaf, chain, http2: false);
    }

    /// <summary>How RDP shows it inside an RD Gateway channel, which is no socket.</summary>
    public SslServerAuthenticationOptions Options { get; }

    /// <summary>How RDP shows it on a socket.</summary>
    public TlsContext Rdp { get; }

    /// <summary>How it is shown to web clients and RD Gateway clients alike: which one it is, is told inside.</summary>
    public TlsContext Web { get; }

    /// <summary>How it is shown where there are no pages, so that nobody chooses HTTP/2.</summary>
    public TlsContext Tunnel { get; }

    public void Dispose()
    {
        Rdp.Dispose();
        Web.Dispose();
        Tunnel.Dispose();
    }

    /// <summary>TLS still to be authenticated: ours on a socket, and .NET's on what came through the RD Gateway, which is no socket.</summary>
    public static Stream Wrap(Stream network) => network is TcpStream socket ? new TlsStream(socket) : new SslStream(network, leaveInnerStreamOpen: false);

    /// <summary>Shakes hands as the server on a stream that <see cref="Wrap"/> made.</summary>
    public Task AuthenticateAsync(Stream tls, CancellationToken ct) =>
        tls is TlsStream ours ? ours.AuthenticateAsServerAsync(Rdp, ct) : ((SslStream)tls).AuthenticateAsServerAsync(Options, ct);

    private static (X509Certificate2, X509Certificate2Collection) Load(string file, string keyFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);
        var leaf = X509Certificate2.CreateFromPemFile(file, keyFile);
        chain.RemoveAt(0);
        return (leaf, chain);
    }

    /// <summary>Kept in the state directory, so that a client which was told to trust it is not asked again after a restart.</summary>
    private static X509Certificate2 SelfSigned(GatewayOptions options, DateTimeOffset now)
    {
        var path = Path.Combine(options.StateDirectory, "door.pem");
        if (File.Exists(path))
        {
            var kept = X509Certificate2.CreateFromPemFile(path);
            if (kept.NotAfter > now.AddDays(30)) return kept;
            kept.Dispose();
        }

        // P-256 signs some ten times faster than RSA-2048, and the handshake is what a connection costs.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={options.Name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(options.Name);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(now.AddDays(-1), now + SelfSignedLife);
        PrivateFile.Write(path, made.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        return X509Certificate2.CreateFromPemFile(path);
    }
}
