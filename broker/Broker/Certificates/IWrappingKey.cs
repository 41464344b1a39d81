using System.Security.Cryptography;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>What a key-encryption key does: it closes and opens data keys, with AES-256-GCM, wherever it is itself.</summary>
internal interface IWrappingKey
{
    /// <summary>Says which key it is and nothing about it.</summary>
    byte[] Id { get; }

    /// <param name="dataKey">What is closed.</param>
    /// <param name="place">Authenticated with it.</param>
    /// <param name="nonce">Used once, by whoever calls.</param>
    /// <returns>As long as the data key, and 16 bytes more.</returns>
    byte[] Wrap(byte[] dataKey, byte[] nonce, byte[] place);

    /// <summary>Null when it was closed by another key, for another place, or is not whole.</summary>
    byte[]? Unwrap(byte[] wrapped, byte[] nonce, byte[] place);
}

/// <summary>A key whose bytes were in a file.</summary>
internal sealed class FileKey(byte[] bytes) : IWrappingKey
{
    private const int Tag = 16;

    // The beginning of HMAC-SHA256 with the key.
    public byte[] Id { get; } = HMACSHA256.HashData(bytes, "montalegre key-encryption key"u8)[..KeyEncryptionKey.IdBytes];

    public byte[] Wrap(byte[] dataKey, byte[] nonce, byte[] place)
    {
        var wrapped = new byte[dataKey.Length + Tag];
        using var aes = new AesGcm(bytes, Tag);
        aes.Encrypt(nonce, dataKey, wrapped.AsSpan(0, dataKey.Length), wrapped.AsSpan(dataKey.Length), place);
        return wrapped;
    }

    public byte[]? Unwrap(byte[] wrapped, byte[] nonce, byte[] place)
    {
        var dataKey = new byte[wrapped.Length - Tag];
        using var aes = new AesGcm(bytes, Tag);
        try
        {
            aes.Decrypt(nonce, wrapped.AsSpan(0, dataKey.Length), wrapped.AsSpan(dataKey.Length), dataKey, place);
            return dataKey;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
