using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>The installation's key-encryption key: a file outside the database, so that a stolen dump opens nothing.</summary>
internal sealed class KeyEncryptionKey(IOptions<CertificatesOptions> certificates, IOptions<HostingOptions> hosting)
{
    private const int KeyBytes = 32;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Where the key is read from, for messages.</summary>
    public string Path { get; } = Locate(certificates.Value, hosting.Value);

    /// <summary>Reads the key; makes it at the first start when nobody named a file of his own.</summary>
    public byte[] Read()
    {
        if (!File.Exists(Path)) Create();
        byte[] key;
        try
        {
            key = Convert.FromBase64String(File.ReadAllText(Path).Trim());
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new StartUpException($"The key-encryption key {Path} cannot be read: {e.Message} Restore it from its backup.", e);
        }
        if (key.Length != KeyBytes) throw new StartUpException($"The key-encryption key {Path} holds {key.Length} bytes and must hold {KeyBytes}, as base64. Restore it from its backup.");
        // systemd hands credentials over read-only to the service alone; a file of ours must be as private.
        if ((File.GetUnixFileMode(Path) & ~(OwnerOnly | UnixFileMode.GroupRead)) != 0)
            throw new StartUpException($"The key-encryption key {Path} can be read by others. Run: chmod 0600 {Path}");
        return key;
    }

    private void Create()
    {
        if (certificates.Value.KeyFile is { Length: > 0 }) throw new StartUpException($"{CertificatesOptions.SectionName}:KeyFile names {Path}, which does not exist. Make it with: (umask 077; openssl rand -base64 32 > {Path}), or copy the one of the first node.");
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!, HostingOptions.OwnerOnly);
        // Written aside and renamed: a process killed here leaves no half key behind.
        var draft = $"{Path}.{Environment.ProcessId}";
        using (var file = new FileStream(draft, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n"));
            file.Flush(flushToDisk: true);
        }
        try
        {
            File.Move(draft, Path, overwrite: false);
        }
        catch (IOException) when (File.Exists(Path))
        {
            File.Delete(draft);   // another process of this user was faster; its key counts
        }
    }

    private static string Locate(CertificatesOptions certificates, HostingOptions hosting)
    {
        if (certificates.KeyFile is { Length: > 0 } named) return named;
        var credential = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } directory ? System.IO.Path.Combine(directory, "montalegre-key") : null;
        return credential is not null && File.Exists(credential) ? credential : System.IO.Path.Combine(hosting.StateDirectory, "key-encryption.key");
    }
}
