using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates.Pkcs11;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>
/// The installation's key-encryption keys: files outside the database, so that a stolen dump opens nothing. The first key is the named file, later ones
/// stand beside it with <c>-2</c>, <c>-3</c> at the end; then <c>.next</c> and <c>.retired</c> say that a key only opens. A file holds a key, or names one of a PKCS#11 token.
/// </summary>
internal sealed partial class KeyFiles(IOptions<CertificatesOptions> certificates, IOptions<HostingOptions> hosting)
{
    /// <summary>The systemd credential: LoadCredential=montalegre-key:/etc/montalegre/key.</summary>
    public const string Credential = "montalegre-key";

    private const int KeyBytes = 32;
    private const int Attempts = 3;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly Tokens _tokens = new(certificates.Value.Pkcs11, new(certificates.Value.Pkcs11, certificates.Value.CredentialsDirectory, hosting.Value.StateDirectory));
    private static readonly string[] Ends = ["", ".next", ".retired"];   // by KeyUse

    /// <summary>The first key's file, whether it is there or not.</summary>
    public string Path { get; } = Locate(certificates.Value, hosting.Value);

    /// <summary>systemd gave the keys: nothing that is written beside them lasts.</summary>
    public bool AreCredentials => certificates.Value.CredentialsDirectory is { Length: > 0 } given && System.IO.Path.GetDirectoryName(Path) == System.IO.Path.TrimEndingDirectorySeparator(given);

    /// <summary>The files that are there, in order.</summary>
    public IReadOnlyList<string> Names() => [.. Find(Path).Select(f => f.File).Order(StringComparer.Ordinal)];

    /// <summary>Reads every key; makes the first at the first start when nobody named a file of his own.</summary>
    public IReadOnlyList<KeyEncryptionKey> Read()
    {
        for (var attempt = 1; ; attempt++)
        {
            var files = Find(Path);
            if (files.Count == 0)
            {
                Create();
                files = Find(Path);
            }
            try
            {
                List<KeyEncryptionKey> keys = [.. files.Select(f => new KeyEncryptionKey(f.File, f.Number, f.Use, ReadOne(f.File)))];
                return keys.Exists(k => k.Use is KeyUse.Active) ? keys
                    : throw new StartUpException($"No key-encryption key seals: {string.Join(", ", files.Select(f => f.File))}. Restore the newest from its backup; its name ends in neither .next nor .retired.");
            }
            catch (FileNotFoundException) when (attempt < Attempts)
            {
                // It was given another name meanwhile.
            }
        }
    }

    /// <summary>Makes a key that opens and does not seal yet: in the token, where one is set.</summary>
    /// <param name="toFile">In a file, although a token is set.</param>
    public void MakeNext(bool toFile)
    {
        var number = Find(Path).Max(f => f.Number) + 1;
        var file = NameOf(number, KeyUse.Active);
        var inToken = _tokens.AreSet && !toFile;
        var byHand = inToken ? $"Write the name of the new key, {_tokens.AddressOf(number)}, into {(AreCredentials ? "/etc/montalegre/key-" + number.ToString(CultureInfo.InvariantCulture) : file)}" : $"Make it with: (umask 077; openssl rand -base64 32 > {(AreCredentials ? "/etc/montalegre/key-" + number.ToString(CultureInfo.InvariantCulture) : file)})";
        var text = inToken ? _tokens.Make(number).ToString() : NewKey();
        if (AreCredentials) throw new StartUpException($"The keys are systemd credentials, which only you can add. {byHand}, add LoadCredential={Credential}-{number}:/etc/montalegre/key-{number} to the service of every node, restart them, and run this again with the same credentials.");
        try
        {
            Write(NameOf(number, KeyUse.Next), text);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new StartUpException($"A new key cannot be written beside {Path}: {e.Message} {byHand}, for the broker's user to read, and run this again.", e);
        }
    }

    /// <summary>From now on this key seals.</summary>
    public void Activate(KeyEncryptionKey key) => File.Move(key.File, NameOf(key.Number, KeyUse.Active), overwrite: false);

    /// <summary>The name of this key's file on nodes where it is to seal.</summary>
    public string ActiveName(KeyEncryptionKey key) => NameOf(key.Number, KeyUse.Active);

    /// <summary>From now on this key only opens. Answers its new file; the old one where nothing may be renamed.</summary>
    public string Retire(KeyEncryptionKey key)
    {
        if (AreCredentials) return key.File;
        try
        {
            var retired = NameOf(key.Number, KeyUse.Retired);
            File.Move(key.File, retired, overwrite: false);
            return retired;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return key.File;
        }
    }

    private IWrappingKey ReadOne(string file)
    {
        byte[] key;
        try
        {
            var text = File.ReadAllText(file).Trim();
            if (TokenKeyAddress.IsMeant(text)) return _tokens.Open(TokenKeyAddress.Parse(text, file), file);
            key = Convert.FromBase64String(text);
        }
        catch (Exception e) when (e is FormatException or UnauthorizedAccessException or (IOException and not FileNotFoundException))
        {
            throw new StartUpException($"The key-encryption key {file} cannot be read: {e.Message} Restore it from its backup.", e);
        }
        if (key.Length != KeyBytes) throw new StartUpException($"The key-encryption key {file} holds {key.Length} bytes and must hold {KeyBytes}, as base64. Restore it from its backup.");
        // systemd hands credentials over read-only to the service alone; a file of ours must be as private.
        if ((File.GetUnixFileMode(file) & ~(OwnerOnly | UnixFileMode.GroupRead)) != 0)
            throw new StartUpException($"The key-encryption key {file} can be read by others. Run: chmod 0600 {file}");
        return new FileKey(key);
    }

    private void Create()
    {
        if (certificates.Value.KeyFile is { Length: > 0 }) throw new StartUpException($"{CertificatesOptions.SectionName}:KeyFile names {Path}, which does not exist. {(_tokens.AreSet ? $"Write {_tokens.AddressOf(1)} into it, for a key of the token; or make" : "Make")} it with: (umask 077; openssl rand -base64 32 > {Path}), or copy the one of the first node.");
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!, HostingOptions.OwnerOnly);
        Write(Path, _tokens.AreSet ? _tokens.Make(1).ToString() : NewKey());
    }

    // Written aside and renamed: a process killed here leaves no half key behind.
    private static void Write(string target, string text)
    {
        var draft = $"{target}.{Environment.ProcessId}";
        using (var file = new FileStream(draft, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text + "\n"));
            file.Flush(flushToDisk: true);
        }
        try
        {
            File.Move(draft, target, overwrite: false);
        }
        catch (IOException) when (File.Exists(target))
        {
            File.Delete(draft);   // another process of this user was faster; its key counts
        }
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    private string NameOf(int number, KeyUse use) => (number == 1 ? Path : $"{Path}-{number.ToString(CultureInfo.InvariantCulture)}") + Ends[(int)use];

    private static List<(string File, int Number, KeyUse Use)> Find(string path)
    {
        var directory = System.IO.Path.GetDirectoryName(path)!;
        var name = System.IO.Path.GetFileName(path);
        if (!Directory.Exists(directory)) return [];
        List<(string, int, KeyUse)> found = [];
        foreach (var file in Directory.EnumerateFiles(directory, name + "*", new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None }))
        {
            if (Ending().Match(System.IO.Path.GetFileName(file)[name.Length..]) is not { Success: true } end) continue;
            var number = end.Groups["number"] is { Success: true } digits ? int.Parse(digits.Value, CultureInfo.InvariantCulture) : 1;
            found.Add((file, number, (KeyUse)Array.IndexOf(Ends, end.Groups["use"].Value)));
        }
        if (found.Count == 0 && File.Exists(path)) found.Add((path, 1, KeyUse.Active));   // the directory may be closed to those who list
        return found;
    }

    private static string Locate(CertificatesOptions certificates, HostingOptions hosting)
    {
        if (certificates.KeyFile is { Length: > 0 } named) return named;
        var credential = certificates.CredentialsDirectory is { Length: > 0 } directory ? System.IO.Path.Combine(directory, Credential) : null;
        return credential is not null && Find(credential).Count > 0 ? credential : System.IO.Path.Combine(hosting.StateDirectory, "key-encryption.key");
    }

    [GeneratedRegex(@"^(-(?<number>[2-9]|[1-9][0-9]{1,3}))?(?<use>\.next|\.retired|)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Ending();
}
