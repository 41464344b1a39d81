using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>The revocation lists in the directory for them, each read again when its file changes.</summary>
internal sealed class RevocationFiles(IOptions<ClientCertificateOptions> options, TimeProvider time, ILogger<RevocationFiles> log)
{
    private const long LongestFile = 64 << 20;
    private const int MostFiles = 200;
    private readonly Lock _reading = new();
    private Dictionary<string, (DateTime Written, long Length, RevocationList? List)> _files = [];

    /// <summary>Whether it is on its issuer's list; null when no list of that issuer counts now.</summary>
    public bool? Has(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        var now = time.GetUtcNow();
        var lists = Lists().Where(list => list.From <= now && now < list.Until && list.IsBy(issuer)).ToList();
        return lists.Count == 0 ? null : lists.Any(list => list.Has(certificate));
    }

    private List<RevocationList> Lists()
    {
        if (options.Value.RevocationDirectory is not { Length: > 0 } directory || !Directory.Exists(directory)) return [];
        lock (_reading)
        {
            Dictionary<string, (DateTime, long, RevocationList?)> now = [];
            foreach (var file in new DirectoryInfo(directory).EnumerateFiles("*.crl").OrderBy(file => file.Name, StringComparer.Ordinal).Take(MostFiles))
                now[file.FullName] = _files.TryGetValue(file.FullName, out var known) && known.Written == file.LastWriteTimeUtc && known.Length == file.Length ? known : (file.LastWriteTimeUtc, file.Length, Read(file));
            _files = now;
            return [.. _files.Values.Select(file => file.List).OfType<RevocationList>()];
        }
    }

    private RevocationList? Read(FileInfo file)
    {
        try
        {
            if (file.Length > LongestFile) throw new IOException($"it is longer than {LongestFile} bytes");
            var bytes = File.ReadAllBytes(file.FullName);
            return RevocationList.Read(bytes.AsSpan().StartsWith("-----BEGIN"u8) ? Pem(bytes) : bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or AsnContentException or CryptographicException or ArgumentException)
        {
            log.RevocationListUnreadable(file.FullName, e.Message);
            return null;
        }
    }

    private static byte[] Pem(byte[] bytes)
    {
        var text = System.Text.Encoding.ASCII.GetString(bytes);
        var found = PemEncoding.Find(text);
        return text[found.Label] == "X509 CRL" ? Convert.FromBase64String(text[found.Base64Data]) : throw new CryptographicException($"it holds a {text[found.Label]}");
    }
}
