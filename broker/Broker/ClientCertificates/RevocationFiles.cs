using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>The revocation lists in the directory for them, each read again when its file changes.</summary>
internal sealed class RevocationFiles(IOptions<ClientCertificateOptions> options, TimeProvider time, ILogger<RevocationFiles> log)
{
    private const long LongestFile = 64 << 20;
    private const long MostBytes = 512 << 20;
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
        if (options.Value.RevocationDirectory is not { Length: > 0 } directory) return [];
        lock (_reading)
        {
            Dictionary<string, (DateTime, long, RevocationList?)> now = [];
            var all = 0L;
            foreach (var file in Files(directory))
            {
                all += file.Target.Length;
                if (_files.TryGetValue(file.Name, out var known) && known.Written == file.Target.LastWriteTimeUtc && known.Length == file.Target.Length) now[file.Name] = known;
                else now[file.Name] = (file.Target.LastWriteTimeUtc, file.Target.Length, Read(file.Name, all));
            }
            _files = now;
            return [.. _files.Values.Select(file => file.List).OfType<RevocationList>()];
        }
    }

    // Whoever brings the lists may replace a link: what counts is the file that it leads to.
    private List<(string Name, FileInfo Target)> Files(string directory)
    {
        try
        {
            return [.. new DirectoryInfo(directory).EnumerateFiles("*.crl").OrderBy(file => file.Name, StringComparer.Ordinal).Take(MostFiles)
                .Select(file => (file.FullName, Target: file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file)).Where(file => file.Target.Exists)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.RevocationListUnreadable(directory, e.Message);
            return [];
        }
    }

    private RevocationList? Read(string name, long all)
    {
        try
        {
            using var file = new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (file.Length > LongestFile) throw new IOException($"it is longer than {LongestFile} bytes");
            if (all > MostBytes) throw new IOException($"the lists together are longer than {MostBytes} bytes");
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return RevocationList.ReadFile(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or AsnContentException)
        {
            log.RevocationListUnreadable(name, e.Message);
            return null;
        }
    }
}
