using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Montalegre.Vdi.Contracts.AuditTrail;

/// <summary>
/// What one entry says about one person (names, addresses), closed with a key that is made of the person's key and the entry's number
/// (HMAC-SHA256), by AES-256-GCM. The seal covers the closed box, so it holds also when the person's key is gone.
/// </summary>
/// <param name="Person">Whose key opens it.</param>
/// <param name="Box">Nonce (12 bytes), ciphertext, tag (16 bytes).</param>
public sealed record PersonalBox(Guid Person, byte[] Box)
{
    /// <summary>Length of a person's key and of an entry's.</summary>
    public const int KeyBytes = 32;

    private const int Nonce = 12;
    private const int Tag = 16;

    public static PersonalBox Close(long auditId, Guid person, ReadOnlySpan<byte> personKey, IReadOnlyDictionary<string, string> texts)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(new SortedDictionary<string, string>(texts.ToDictionary(), StringComparer.Ordinal), AuditJson.Default.SortedDictionaryStringString);
        var box = new byte[Nonce + plain.Length + Tag];
        RandomNumberGenerator.Fill(box.AsSpan(0, Nonce));
        using var aes = new AesGcm(EntryKey(personKey, auditId), Tag);
        aes.Encrypt(box.AsSpan(0, Nonce), plain, box.AsSpan(Nonce, plain.Length), box.AsSpan(Nonce + plain.Length), Place(auditId, person));
        return new(person, box);
    }

    /// <summary>The key of this person's texts in one entry. It opens nothing else, so an export may hold it.</summary>
    public static byte[] EntryKey(ReadOnlySpan<byte> personKey, long auditId) =>
        HMACSHA256.HashData(personKey, Encoding.ASCII.GetBytes(FormattableString.Invariant($"audit entry {auditId}")));

    /// <summary>The texts by field name; null when the key or a byte of the box is not the right one.</summary>
    public IReadOnlyDictionary<string, string>? Open(long auditId, ReadOnlySpan<byte> entryKey)
    {
        if (Box.Length < Nonce + Tag || entryKey.Length != KeyBytes) return null;
        var plain = new byte[Box.Length - Nonce - Tag];
        using var aes = new AesGcm(entryKey, Tag);
        try
        {
            aes.Decrypt(Box.AsSpan(0, Nonce), Box.AsSpan(Nonce, plain.Length), Box.AsSpan(Nonce + plain.Length), plain, Place(auditId, Person));
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        try { return JsonSerializer.Deserialize(plain, AuditJson.Default.DictionaryStringString); }
        catch (JsonException) { return null; }   // closed by somebody else, with a key of his own
    }

    private static byte[] Place(long auditId, Guid person) => Encoding.ASCII.GetBytes(FormattableString.Invariant($"audit:{auditId}:{person:D}"));
}
