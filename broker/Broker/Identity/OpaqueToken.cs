using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>256 random bits that mean nothing by themselves. The holder has the text, the database only its SHA-256.</summary>
internal sealed class OpaqueToken
{
    private const int Length = 32;

    private OpaqueToken(string text, byte[] sha256) => (Text, Sha256) = (text, sha256);

    /// <summary>The secret itself, base64url without padding.</summary>
    public string Text { get; }

    public byte[] Sha256 { get; }

    public static OpaqueToken Make()
    {
        Span<byte> bits = stackalloc byte[Length];
        RandomNumberGenerator.Fill(bits);
        return new(Base64Url.EncodeToString(bits), SHA256.HashData(bits));
    }

    /// <summary>False for anything that we cannot have made; such a text is never looked up.</summary>
    public static bool TryHash(string? text, [NotNullWhen(true)] out byte[]? sha256)
    {
        sha256 = null;
        Span<byte> bits = stackalloc byte[Length];
        if (text is not { Length: 43 } || Base64Url.DecodeFromChars(text, bits, out _, out var written) != OperationStatus.Done || written != Length) return false;
        sha256 = SHA256.HashData(bits);
        return true;
    }

    /// <summary>Not the secret, so that a token in a log message or an exception gives nothing away.</summary>
    public override string ToString() => "(token)";
}
