using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates.Pkcs11;

/// <summary>
/// The user's PIN, and whether the token refused it before. A token locks itself after a few wrong ones, and a service that is started again and again
/// would see to that; so one that was refused is never tried again, by no process of this broker.
/// </summary>
internal sealed class TokenPin(Pkcs11Options options, string? credentialsDirectory, string stateDirectory)
{
    /// <summary>The systemd credential: LoadCredential=montalegre-pin:/etc/montalegre/pin.</summary>
    public const string Credential = "montalegre-pin";

    private const int Rounds = 600_000;
    private const int Longest = 256;
    private static readonly TimeSpan WaitForOthers = TimeSpan.FromSeconds(20);

    /// <param name="token">For messages.</param>
    /// <param name="tryIt">Signs in; false when the token says that the PIN is wrong.</param>
    /// <exception cref="StartUpException">There is no PIN, or it is wrong.</exception>
    public void Use(string token, Func<byte[], bool> tryIt)
    {
        var (file, pin) = Read();
        try
        {
            Directory.CreateDirectory(stateDirectory, HostingOptions.OwnerOnly);
            var mark = Path.Combine(stateDirectory, $"pkcs11-pin-refused-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)))[..16]}");
            using var refused = OpenAlone(mark);
            if (IsMarked(refused, pin))
            {
                throw new StartUpException($"The token {token} refused the PIN in {file} before, and it is not tried a second time, because a token locks itself. Write the right PIN into {file} and start again. "
                    + $"Only if the PIN of the token itself was changed to this one: remove {mark}.");
            }
            if (tryIt(pin))
            {
                refused.SetLength(0);
                return;
            }
            Mark(refused, pin);
            throw new StartUpException($"The token {token} says that the PIN in {file} is wrong. It was tried once and is not tried again. Write the right PIN into {file} and start again.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pin);
        }
    }

    private (string File, byte[] Pin) Read()
    {
        var file = options.PinFile is { Length: > 0 } named ? named : credentialsDirectory is { Length: > 0 } given ? Path.Combine(given, Credential) : null;
        if (file is null) throw new StartUpException($"There is no PIN for the token: set Certificates:Pkcs11:PinFile to a file that holds it (chmod 0600), or give the service LoadCredential={Credential}:/etc/montalegre/pin.");
        byte[] text;
        try
        {
            if (new FileInfo(file).Length > Longest) throw new StartUpException($"{file} holds more than a PIN of at most {Longest} bytes. Write the PIN alone into it.");
            text = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartUpException($"The PIN file {file} cannot be read: {e.Message} Make it, for the broker's user alone to read.", e);
        }
        if ((File.GetUnixFileMode(file) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead)) != 0) throw new StartUpException($"The PIN file {file} can be read by others. Run: chmod 0600 {file}");
        var length = text.AsSpan().TrimEnd("\r\n"u8).Length;
        var pin = text[..length];
        CryptographicOperations.ZeroMemory(text);
        return length > 0 ? (file, pin) : throw new StartUpException($"The PIN file {file} is empty. Write the token's PIN into it.");
    }

    // Of several processes that start at once, one tries.
    private static FileStream OpenAlone(string mark)
    {
        var until = DateTime.UtcNow + WaitForOthers;
        using var pause = new ManualResetEventSlim();
        while (true)
        {
            try
            {
                return new(mark, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            }
            catch (IOException) when (DateTime.UtcNow < until)
            {
                pause.Wait(TimeSpan.FromMilliseconds(100));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StartUpException($"{mark} cannot be written: {e.Message} Without it a wrong PIN would be tried again and again; run this as the broker's user.", e);
            }
        }
    }

    // A salted, slow hash of a PIN that is good for nothing.
    private static bool IsMarked(FileStream mark, byte[] pin)
    {
        var kept = new byte[48];
        return mark.ReadAtLeast(kept, kept.Length, throwOnEndOfStream: false) == kept.Length && CryptographicOperations.FixedTimeEquals(kept.AsSpan(16), HashOf(pin, kept[..16]));
    }

    private static void Mark(FileStream mark, byte[] pin)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        mark.SetLength(0);
        mark.Write(salt);
        mark.Write(HashOf(pin, salt));
        mark.Flush(flushToDisk: true);
    }

    private static byte[] HashOf(byte[] pin, byte[] salt) => Rfc2898DeriveBytes.Pbkdf2(pin, salt, Rounds, HashAlgorithmName.SHA256, 32);
}
