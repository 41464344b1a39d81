using System.Security.Cryptography;
using System.Text;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>
/// Envelope encryption: a random data key for each secret, wrapped by a key-encryption key; both AES-256-GCM. A box says which key wrapped it. The
/// place (table, column, row) is authenticated with it, so that a box moved to another row does not open.
/// </summary>
internal sealed class SecretBox(KeyRing keys)
{
    private const byte Unnamed = 1;   // boxes from before a key could be changed do not say which it was
    private const byte Version = 2;
    private const int KeyBytes = 32;
    private const int Nonce = 12;
    private const int Tag = 16;
    private const int WrappedKey = Nonce + KeyBytes + Tag;

    /// <summary>With what every box begins that this key sealed.</summary>
    public static byte[] Head(KeyEncryptionKey key) => [Version, .. key.Id];

    /// <summary>Closes a secret for one place, for example <c>authority.wrapped_key:id</c>.</summary>
    public byte[] Seal(ReadOnlySpan<byte> secret, string place)
    {
        var key = keys.Sealing;
        var head = Head(key);
        var dataKey = RandomNumberGenerator.GetBytes(KeyBytes);
        var box = new byte[head.Length + WrappedKey + Nonce + secret.Length + Tag];
        head.CopyTo(box, 0);
        var nonce = RandomNumberGenerator.GetBytes(Nonce);
        nonce.CopyTo(box, head.Length);
        key.Wrapping.Wrap(dataKey, nonce, PlaceOfKey(place)).CopyTo(box, head.Length + Nonce);
        Encrypt(dataKey, secret, $"secret:{place}", box.AsSpan(head.Length + WrappedKey));
        CryptographicOperations.ZeroMemory(dataKey);
        return box;
    }

    /// <summary>Opens a box; null when no key that is here, or the place or a byte of it is not the one it was closed with.</summary>
    public byte[]? Open(ReadOnlySpan<byte> box, string place)
    {
        if (box.IsEmpty) return null;
        if (box[0] == Unnamed)
        {
            foreach (var key in keys.All.OrderBy(k => k.Number))
            {
                if (Open(key, box[1..], place) is { } secret) return secret;
            }
            return null;
        }
        return Named(box) is { IsEmpty: false } id && keys.Find(id) is { } named ? Open(named, box[(1 + KeyEncryptionKey.IdBytes)..], place) : null;
    }

    /// <summary>Name of the key that a box asks for and that is not here; null when that is not why it stays closed.</summary>
    public string? MissingKey(ReadOnlySpan<byte> box) => Named(box) is { IsEmpty: false } id && keys.Find(id) is null ? Convert.ToHexStringLower(id) : null;

    private static ReadOnlySpan<byte> Named(ReadOnlySpan<byte> box) => box.Length > KeyEncryptionKey.IdBytes && box[0] == Version ? box.Slice(1, KeyEncryptionKey.IdBytes) : default;

    private static byte[]? Open(KeyEncryptionKey key, ReadOnlySpan<byte> sealedParts, string place)
    {
        if (sealedParts.Length < WrappedKey + Nonce + Tag) return null;
        if (key.Wrapping.Unwrap(sealedParts[Nonce..WrappedKey].ToArray(), sealedParts[..Nonce].ToArray(), PlaceOfKey(place)) is not { Length: KeyBytes } dataKey) return null;
        var secret = new byte[sealedParts.Length - WrappedKey - Nonce - Tag];
        var opened = Decrypt(dataKey, sealedParts[WrappedKey..], $"secret:{place}", secret);
        CryptographicOperations.ZeroMemory(dataKey);
        return opened ? secret : null;
    }

    private static byte[] PlaceOfKey(string place) => Encoding.UTF8.GetBytes($"key:{place}");

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
