using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Native.Posix;

namespace Montalegre.Vdi.Agent.Joining;

/// <summary>
/// The identity on disk: one file, so that key and certificate can never be of different age after a power cut.
/// Directory 0700, file 0600. Sealing an image means removing this directory.
/// </summary>
internal sealed class IdentityStore(string directory)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string _path = Path.Combine(directory, "identity");

    /// <summary>The stored identity; null when there is none or it cannot be read, which means: join.</summary>
    public Identity? Load()
    {
        try
        {
            if (!File.Exists(_path)) return null;
            var lines = File.ReadAllLines(_path);
            if (lines.Length < 6 || lines[0] != "1") return null;
            using var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(Convert.FromBase64String(lines[5]), out _);
            using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(lines[3]));
            return new Identity(
                lines[1],
                new Uri(lines[2]),
                WithUsableKey(certificate, key),
                X509CertificateLoader.LoadCertificate(Convert.FromBase64String(lines[4])),
                lines.Length > 6 ? lines[6] : "");
        }
        catch (Exception e) when (e is IOException or FormatException or CryptographicException or UriFormatException or ArgumentException)
        {
            return null;
        }
    }

    public void Save(Identity identity)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        using var key = identity.Certificate.GetECDsaPrivateKey() ?? throw new InvalidOperationException("The machine's certificate has no ECDSA key.");
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        var fresh = _path + ".new";
        File.Delete(fresh);
        using (var file = new FileStream(fresh, options))
        {
            using var writer = new StreamWriter(file, leaveOpen: true);
            writer.Write("1\n");
            writer.Write($"{identity.MachineId}\n{identity.Channel.AbsoluteUri}\n");
            writer.Write($"{Convert.ToBase64String(identity.Certificate.RawData)}\n");
            writer.Write($"{Convert.ToBase64String(identity.Authority.RawData)}\n");
            writer.Write($"{Convert.ToBase64String(key.ExportPkcs8PrivateKey())}\n{identity.TokenSha256}\n");
            writer.Flush();
            file.Flush(flushToDisk: true);
        }
        File.Move(fresh, _path, overwrite: true);
        // The token is spent by now: a name that a power cut takes back could not be joined for again.
        if (!OperatingSystem.IsLinux()) return;
        DurableDirectory.Flush(directory);
        if (Path.GetDirectoryName(Path.GetFullPath(directory)) is { } parent) DurableDirectory.Flush(parent);
    }

    /// <summary>Certificate and key as TLS wants them: Windows refuses keys that live only in memory, so they pass through PKCS#12.</summary>
    public static X509Certificate2 WithUsableKey(X509Certificate2 certificate, ECDsa key)
    {
        var joined = certificate.CopyWithPrivateKey(key);
        if (!OperatingSystem.IsWindows()) return joined;
        using (joined) return X509CertificateLoader.LoadPkcs12(joined.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
