using System.Security.Cryptography;
using System.Text;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>
/// Envelope encryption: a random data key for each secret, wrapped by the key-encryption key; both AES-256-GCM. The
/// place (table, column, row) is authenticated with it, so that a box moved to another row does not open.
/// </summary>
internal sealed class SecretBox(KeyEncryptionKey keyEncryptionKey)
{
    private const byte Version = 1;
    private const int KeyBytes = 32;
    private const int Nonce = 12;
    private const int Tag = 16;
    private const int WrappedKey = Nonce + KeyBytes + Tag;
    private readonly Lazy<byte[]> _key = new(keyEncryptionKey.Read);

    /// <summary>Closes a secret for one place, for example <c>authority.wrapped_key:id</c>.</summary>
    public byte[] Seal(ReadOnlySpan<byte> secret, string place)
    {
        var dataKey = RandomNumberGenerator.GetBytes(KeyBytes);
        var box = new byte[1 + WrappedKey + Nonce + secret.Length + Tag];
        box[0] = Version;
        Encrypt(_key.Value, dataKey, $"key:{place}", box.AsSpan(1, WrappedKey));
        Encrypt(dataKey, secret, $"secret:{place}", box.AsSpan(1 + WrappedKey));
        CryptographicOperations.ZeroMemory(dataKey);
        return box;
    }

    /// <summary>Opens a box; null when the key, the place or a byte of it is not the one it was closed with.</summary>
    public byte[]? Open(ReadOnlySpan<byte> box, string place)
    {
        if (box.Length < 1 + WrappedKey + Nonce + Tag || box[0] != Version) return null;
        var dataKey = new byte[KeyBytes];
        var secret = new byte[box.Length - 1 - WrappedKey - Nonce - Tag];
        var opened = Decrypt(_key.Value, box.Slice(1, WrappedKey), $"key:{place}", dataKey)
            && Decrypt(dataKey, box[(1 + WrappedKey)..], $"secret:{place}", secret);
        CryptographicOperations.ZeroMemory(dataKey);
        return opened ? secret : null;
    }

    private static void Encrypt(byte[] key, ReadOnlySpan<byte> plain, string place, Span<byte> target)
    {
        RandomNumberGenerator.Fill(target[..Nonce]);
        using var aes = new AesGcm(key, Tag);
        aes.Encrypt(target[..Nonce], plain, target.Slice(Nonce, plain.Length), target[(Nonce + plain.Length)..], Encoding.UTF8.GetBytes(place));
    }

    private static bool Decrypt(byte[] key, ReadOnlySpan<byte> source, string place, Span<byte> plain)
    {
        using var aes = new AesGcm(key, Tag);
        try
        {
            aes.Decrypt(source[..Nonce], source.Slice(Nonce, plain.Length), source[(Nonce + plain.Length)..], plain, Encoding.UTF8.GetBytes(place));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
