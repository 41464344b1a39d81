using System.Diagnostics.CodeAnalysis;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// The text of an API key: an opaque token behind a prefix of our own, so that people and scanners of repositories
/// recognise one that lies where it should not.
/// </summary>
internal static class ApiKeySecret
{
    private const string Prefix = "mvdi_key_";

    public static (string Text, byte[] Sha256) Make()
    {
        var token = OpaqueToken.Make();
        return (Prefix + token.Text, token.Sha256);
    }

    /// <summary>Whether somebody means it as a key, good or not.</summary>
    public static bool IsMeant([NotNullWhen(true)] string? bearer) => bearer?.StartsWith(Prefix, StringComparison.Ordinal) is true;

    /// <summary>False for anything that we cannot have made; such a text is never looked up.</summary>
    public static bool TryHash(string bearer, [NotNullWhen(true)] out byte[]? sha256) => OpaqueToken.TryHash(bearer[Prefix.Length..], out sha256);
}
