using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>
/// A server certificate for portal and console in a demonstration, as files in the state directory. Production brings
/// certificates that browsers trust; then the setting stays empty and nothing is written.
/// </summary>
internal sealed class DemonstrationCertificate(CertificateAuthority authority, IOptions<CertificatesOptions> certificates, IOptions<HostingOptions> hosting)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>Writes <c>demonstration/server.pem</c> (leaf, then authority) and <c>server.key</c>, anew at every start.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        var names = certificates.Value.DemonstrationServerNames;
        if (names.Count == 0) return;
        var directory = Path.Combine(hosting.Value.StateDirectory, "demonstration");
        Directory.CreateDirectory(directory, HostingOptions.OwnerOnly);
        using var certificate = authority.IssueServer(names, Lifetime);
        using var key = certificate.GetECDsaPrivateKey()!;
        await WriteAsync(Path.Combine(directory, "server.key"), key.ExportPkcs8PrivateKeyPem() + "\n", ct);
        await WriteAsync(Path.Combine(directory, "server.pem"), $"{certificate.ExportCertificatePem()}\n{authority.Certificate.ExportCertificatePem()}\n", ct);
    }

    private static async Task WriteAsync(string path, string text, CancellationToken ct)
    {
        var draft = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        await using (var writer = new StreamWriter(draft, options)) await writer.WriteAsync(text.AsMemory(), ct);
        File.Move(draft, path, overwrite: true);
    }
}
