using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>Reads what peers ask for, and says what our certificates look like.</summary>
internal static class CertificateRequests
{
    private const int LongestRequest = 4096;   // our limit; a P-256 request has about 300 bytes
    private const string NistP256 = "1.2.840.10045.3.1.7";
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>The key of a request that proves possession of it; null for anything else. Its subject and extensions are ignored.</summary>
    public static PublicKey? Read(ReadOnlyMemory<byte> request)
    {
        if (request.Length is 0 or > LongestRequest) return null;
        try
        {
            var read = CertificateRequest.LoadSigningRequest(request.ToArray(), HashAlgorithmName.SHA256);   // verifies its signature
            using var key = read.PublicKey.GetECDsaPublicKey();
            return key?.ExportParameters(false).Curve.Oid.Value == NistP256 ? read.PublicKey : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public static CertificateRequest ForPeer(X500DistinguishedName subject, PublicKey key)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        EndEntity(request, ClientAuthentication);
        return request;
    }

    public static CertificateRequest ForServer(IEnumerable<string> names, ECDsa key)
    {
        var all = names.Distinct(StringComparer.OrdinalIgnoreCase).ToArray();
        var request = new CertificateRequest(new X500DistinguishedName($"CN={all[0]}"), key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in all)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        EndEntity(request, ServerAuthentication);
        return request;
    }

    public static CertificateRequest ForAuthority(Guid id, ECDsa key)
    {
        var request = new CertificateRequest(new X500DistinguishedName($"O=Montalegre VDI, CN=Installation {id:D}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private static void EndEntity(CertificateRequest request, Oid usage)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
    }
}
