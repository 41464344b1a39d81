using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.Tests.Hosting;

/// <summary>Certificates that look like ours and come from somebody else.</summary>
internal static class ForeignCertificates
{
    public static X509Certificate2 For(X500DistinguishedName subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }
}
