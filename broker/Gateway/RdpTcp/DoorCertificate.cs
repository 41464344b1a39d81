using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>
/// The certificate that clients see, with everything about it worked out once instead of once a connection. Configured files
/// are read again when they change, as whoever renews them needs (certbot, any ACME client); open connections go on.
/// </summary>
internal sealed class DoorCertificate : IDisposable
{
    private static readonly TimeSpan SelfSignedLife = TimeSpan.FromDays(825);   // the longest that Apple's clients accept
    private readonly GatewayOptions _options;
    private byte[] _files;
    private volatile Shown _now;
    private Shown? _before;

    public DoorCertificate(IOptions<GatewayOptions> options, TimeProvider time, ILogger<DoorCertificate> log)
    {
        _options = options.Value;
        _files = Files();
        _now = _options.CertificateFile is { } file ? Load(file, _options.CertificateKeyFile!) : new(SelfSigned(_options, time.GetUtcNow()), []);
        if (_options.CertificateFile is null) log.SelfSigned(Sha256);
    }

    /// <summary>Another certificate is shown from now on.</summary>
    public event Action Replaced = static () => { };

    /// <summary>Its SHA-256, in hexadecimal.</summary>
    public string Sha256 => _now.Leaf.GetCertHashString(HashAlgorithmName.SHA256);

    /// <summary>Whose it is, as it says.</summary>
    public string Subject => _now.Leaf.Subject;

    /// <summary>Until when it is good, in UTC.</summary>
    public DateTime NotAfter => _now.Leaf.NotAfter.ToUniversalTime();

    /// <summary>How RDP shows it inside an RD Gateway channel, which is no socket.</summary>
    public SslServerAuthenticationOptions Options => _now.Options;

    /// <summary>How RDP shows it on a socket.</summary>
    public TlsContext Rdp => _now.Rdp;

    /// <summary>How it is shown to web clients and RD Gateway clients alike: which one it is, is told inside.</summary>
    public TlsContext Web => _now.Web;

    /// <summary>How it is shown where there are no pages, so that nobody chooses HTTP/2.</summary>
    public TlsContext Tunnel => _now.Tunnel;

    /// <summary>Looks at the configured files again; true when they hold another certificate, which is shown from now on. One caller at a time.</summary>
    /// <exception cref="IOException">A file cannot be read now; the certificate stays.</exception>
    /// <exception cref="CryptographicException">They hold no certificate with its key, as while they are being written; the certificate stays.</exception>
    public bool LookAgain()
    {
        if (_options.CertificateFile is not { } file) return false;
        var files = Files();
        if (CryptographicOperations.FixedTimeEquals(files, _files)) return false;
        var next = Load(file, _options.CertificateKeyFile!);
        // Not the one that is shown now: a handshake may have taken it and not begun.
        _before?.Dispose();
        (_before, _now, _files) = (_now, next, files);
        Replaced();
        return true;
    }

    public void Dispose()
    {
        _before?.Dispose();
        _now.Dispose();
    }

    /// <summary>TLS still to be authenticated: ours on a socket, and .NET's on what came through the RD Gateway, which is no socket.</summary>
    public static Stream Wrap(Stream network) => network is TcpStream socket ? new TlsStream(socket) : new SslStream(network, leaveInnerStreamOpen: false);

    /// <summary>Shakes hands as the server on a stream that <see cref="Wrap"/> made.</summary>
    public Task AuthenticateAsync(Stream tls, CancellationToken ct) =>
        tls is TlsStream ours ? ours.AuthenticateAsServerAsync(Rdp, ct) : ((SslStream)tls).AuthenticateAsServerAsync(Options, ct);

    private static Shown Load(string file, string keyFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);
        var leaf = X509Certificate2.CreateFromPemFile(file, keyFile);
        chain.RemoveAt(0);
        return new(leaf, chain);
    }

    // What is in them, not when they were written: a link that leads elsewhere now has the time of its target.
    private byte[] Files()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in new[] { _options.CertificateFile, _options.CertificateKeyFile }.OfType<string>()) hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        return hash.GetHashAndReset();
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

    private sealed class Shown(X509Certificate2 leaf, X509Certificate2Collection chain) : IDisposable
    {
        public X509Certificate2 Leaf => leaf;

        public SslServerAuthenticationOptions Options { get; } = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
        };

        public TlsContext Rdp { get; } = TlsContext.Server(leaf, chain);

        public TlsContext Web { get; } = TlsContext.WebServer(leaf, chain, http2: true);

        public TlsContext Tunnel { get; } = TlsContext.WebServer(leaf, chain, http2: false);

        public void Dispose()
        {
            Rdp.Dispose();
            Web.Dispose();
            Tunnel.Dispose();
        }
    }
}
