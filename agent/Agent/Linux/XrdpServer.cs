using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Montalegre.Vdi.Agent.Hosting;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>What xrdp serves on this machine: port and certificate, from its own configuration.</summary>
internal sealed class XrdpServer(AgentOptions options)
{
    private const int UsualPort = 3389;
    private const string UsualCertificate = "/etc/xrdp/cert.pem";

    private readonly Lock _lock = new();
    private (string Path, DateTime Written, ByteString Sha256)? _read;

    public int Port => options.RdpPort != 0 ? options.RdpPort : PortIn(Setting("port"));

    /// <summary>SHA-256 of the certificate in DER; empty while there is none. Read again when the file changes.</summary>
    public ByteString CertificateSha256()
    {
        var path = options.RdpCertificate.Length > 0 ? options.RdpCertificate : Setting("certificate") is { Length: > 0 } set ? set : UsualCertificate;
        lock (_lock)
        {
            try
            {
                var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
                var written = File.GetLastWriteTimeUtc(target);
                if (_read is { } known && known.Path == path && known.Written == written) return known.Sha256;
                using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(target));
                var sha256 = ByteString.CopyFrom(SHA256.HashData(certificate.RawData));
                _read = (path, written, sha256);
                return sha256;
            }
            catch (Exception e) when (e is IOException or CryptographicException or UnauthorizedAccessException)
            {
                return ByteString.Empty;
            }
        }
    }

    /// <summary>True when something listens on the port. Read from the kernel: a trial connection would start a session.</summary>
    public bool Listens()
    {
        var wanted = ":" + Port.ToString("X4", CultureInfo.InvariantCulture);
        return Listens("/proc/net/tcp", wanted) || Listens("/proc/net/tcp6", wanted);
    }

    private static bool Listens(string table, string port)
    {
        const string Listening = "0A";
        if (!File.Exists(table)) return false;
        foreach (var line in File.ReadLines(table))
        {
            var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length > 3 && columns[3] == Listening && columns[1].EndsWith(port, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    // xrdp takes a bare port, tcp://:port, tcp://address:port and a list of them; the last number of the first is it.
    private static int PortIn(string setting)
    {
        var first = setting.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        var digits = first[(first.LastIndexOf(':') + 1)..];
        return ushort.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port != 0 ? port : UsualPort;
    }

    private string Setting(string key)
    {
        if (!File.Exists(options.XrdpIni)) return "";
        var global = false;
        foreach (var line in File.ReadLines(options.XrdpIni))
        {
            var text = line.Trim();
            if (text.StartsWith('[')) global = text.Equals("[Globals]", StringComparison.OrdinalIgnoreCase);
            else if (global && text.StartsWith(key + "=", StringComparison.OrdinalIgnoreCase)) return text[(key.Length + 1)..].Trim();
        }
        return "";
    }
}
