using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.Tests.ClientCertificates;

/// <summary>A public key infrastructure as cards have one: a root, and an authority below it that issues people's certificates and revokes them.</summary>
internal sealed class CardAuthority : IDisposable
{
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA _key = RSA.Create(2048);
    private readonly CertificateRevocationListBuilder _revoked = new();
    private readonly CertificateRevocationListBuilder _revokedByRoot = new();

    /// <param name="name">Names must differ, or chains do.</param>
    /// <param name="ocsp">Where it would be asked; null: nowhere.</param>
    /// <param name="rootList">Where the root's list would be; null: nowhere.</param>
    public CardAuthority(string name, Uri? ocsp = null, Uri? rootList = null)
    {
        Ocsp = ocsp;
        var root = new CertificateRequest($"CN={name} Raiz, O=Teste, C=PT", _rootKey, HashAlgorithmName.SHA256);
        Authority(root);
        Root = root.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-400), DateTimeOffset.UtcNow.AddDays(400));
        var below = new CertificateRequest($"CN=EC de {name} 0001, O=Teste, C=PT", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Authority(below);
        if (rootList is not null) below.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([rootList.ToString()]));
        using var issued = below.Create(Root.SubjectName, X509SignatureGenerator.CreateForECDsa(_rootKey), DateTimeOffset.UtcNow.AddDays(-399), DateTimeOffset.UtcNow.AddDays(399), RandomNumberGenerator.GetBytes(8));
        Issuing = issued.CopyWithPrivateKey(_key);
    }

    public Uri? Ocsp { get; }

    public X509Certificate2 Root { get; }

    public X509Certificate2 Issuing { get; }

    /// <summary>What administrators enter.</summary>
    public string Pem => Root.ExportCertificatePem() + "\n" + Issuing.ExportCertificatePem();

    /// <summary>A person's certificate, with its key.</summary>
    public X509Certificate2 Issue(string serial, string? upn = null, string? email = null, string purpose = ClientAuthentication, DateTimeOffset? until = null, string? policy = null, X509KeyUsageFlags usage = X509KeyUsageFlags.DigitalSignature, bool authority = false, string? furtherSerial = null, bool fromRoot = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCountryOrRegion("PT");
        subject.AddCommonName("Pessoa de Teste");
        subject.Add("2.5.4.5", serial, UniversalTagNumber.PrintableString);
        if (furtherSerial is not null) subject.Add("2.5.4.5", furtherSerial, UniversalTagNumber.PrintableString);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        if (upn is not null || email is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            if (upn is not null) names.AddUserPrincipalName(upn);
            if (email is not null) names.AddEmailAddress(email);
            request.CertificateExtensions.Add(names.Build());
        }
        if (policy is not null) request.CertificateExtensions.Add(Policies(policy));
        if (Ocsp is not null) request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([Ocsp.ToString()], null));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(fromRoot ? Root : Issuing, true, false));
        var number = RandomNumberGenerator.GetBytes(9);
        number[0] &= 0x7F;
        number[0] |= 0x01;
        var by = fromRoot ? X509SignatureGenerator.CreateForECDsa(_rootKey) : X509SignatureGenerator.CreateForRSA(_key, RSASignaturePadding.Pkcs1);
        using var issued = request.Create((fromRoot ? Root : Issuing).SubjectName, by, DateTimeOffset.UtcNow.AddDays(-300), until ?? DateTimeOffset.UtcNow.AddDays(300), number);
        return issued.CopyWithPrivateKey(key);
    }

    /// <summary>A certificate for the servers of a test, on loopback.</summary>
    public void IssueServer(string certificateFile, string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false));
        using var issued = request.Create(Issuing.SubjectName, X509SignatureGenerator.CreateForRSA(_key, RSASignaturePadding.Pkcs1), DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(certificateFile, issued.ExportCertificatePem() + "\n" + Issuing.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
    }

    public void Revoke(X509Certificate2 certificate) => _revoked.AddEntry(certificate);

    /// <summary>Writes the lists of root and issuing authority.</summary>
    public void WriteLists(string folder, DateTimeOffset? until = null)
    {
        var next = until ?? DateTimeOffset.UtcNow.AddDays(7);
        File.WriteAllBytes(Path.Combine(folder, "issuing.crl"), _revoked.Build(Issuing, BigInteger.One, next, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, next.AddDays(-10)));
        using var root = Root.HasPrivateKey ? new X509Certificate2(Root) : Root.CopyWithPrivateKey(_rootKey);
        File.WriteAllText(Path.Combine(folder, "root.crl"), PemEncoding.WriteString("X509 CRL", _revokedByRoot.Build(root, BigInteger.One, next, HashAlgorithmName.SHA256, null, next.AddDays(-10))));
    }

    public void Dispose()
    {
        Root.Dispose();
        Issuing.Dispose();
        _rootKey.Dispose();
        _key.Dispose();
    }

    private static void Authority(CertificateRequest request)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(Policies("2.5.29.32.0"));
    }

    private static X509Extension Policies(string policy)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence()) writer.WriteObjectIdentifier(policy);
        return new("2.5.29.32", writer.Encode(), false);
    }
}
