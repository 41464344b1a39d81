using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>The one ECDSA P-256 certificate that everybody in the comparison shows.</summary>
internal static class TestCertificate
{
    private const string Name = "CN=benchmark";

    /// <summary>Writes certificate and key into one PEM file, as haproxy wants them.</summary>
    public static async Task WriteAsync(string file, CancellationToken ct)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Name, key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(file, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n", ct);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>A client that takes this certificate without a chain, as the machine leg takes a pinned one.</summary>
    public static SslClientAuthenticationOptions Client => new()
    {
        TargetHost = "benchmark",
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
        AllowTlsResume = false,
        CertificateChainPolicy = new X509ChainPolicy
        {
            DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust,
        },
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == Name,
    };

    public static SslServerAuthenticationOptions Server(string file) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(file, file), null, offline: true),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };
}
