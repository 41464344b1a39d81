using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Rig.Libvirt;

/// <summary>A small certificate authority for qemu+tls:// on 127.0.0.1: files as libvirt's server and client want them.</summary>
public sealed class LibvirtPki
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";
    private readonly string _folder;

    /// <summary>Makes all certificates; they are good for a day.</summary>
    public LibvirtPki(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(ClientFolder);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=libvirt test authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(AuthorityFile, authority.ExportCertificatePem());
        Issue(authority, "host", ServerUse, ServerCertificateFile, ServerKeyFile);
        Issue(authority, "broker", ClientUse, Path.Combine(ClientFolder, "clientcert.pem"), Path.Combine(ClientFolder, "clientkey.pem"));
        File.Copy(AuthorityFile, Path.Combine(ClientFolder, "cacert.pem"), overwrite: true);
    }

    /// <summary>For the URI's pkipath.</summary>
    public string ClientFolder => Path.Combine(_folder, "client");

    /// <summary>The authority's certificate.</summary>
    public string AuthorityFile => Path.Combine(_folder, "cacert.pem");

    /// <summary>The daemon's certificate.</summary>
    public string ServerCertificateFile => Path.Combine(_folder, "servercert.pem");

    /// <summary>The daemon's key.</summary>
    public string ServerKeyFile => Path.Combine(_folder, "serverkey.pem");

    private static void Issue(X509Certificate2 authority, string name, string use, string certificateFile, string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.Create(authority, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddHours(23), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(certificateFile, made.ExportCertificatePem());
        // The test's own daemon and client run as different users; the key opens nothing but this test.
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
