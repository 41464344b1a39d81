using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Agent.Tests;

/// <summary>A certificate authority of one test.</summary>
internal sealed class TestAuthority
{
    private readonly X509Certificate2 _signer;

    public TestAuthority()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _signer = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        Certificate = X509CertificateLoader.LoadCertificate(_signer.RawData);
    }

    public X509Certificate2 Certificate { get; }

    public X509Certificate2 Issue(string subject, string dnsName, bool server, TimeSpan life)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = Sign(new PublicKey(key), subject, dnsName, server, life);
        return leaf.CopyWithPrivateKey(key);
    }

    public X509Certificate2 Sign(PublicKey key, string subject, string? dnsName, bool server, TimeSpan life, TimeSpan? age = null)
    {
        var request = new CertificateRequest(new X500DistinguishedName(subject), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        if (dnsName is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(dnsName);
            request.CertificateExtensions.Add(names.Build());
        }
        return request.Create(_signer, DateTimeOffset.UtcNow - (age ?? TimeSpan.FromSeconds(1)), DateTimeOffset.UtcNow + life, RandomNumberGenerator.GetBytes(16));
    }

    public bool Issued(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
