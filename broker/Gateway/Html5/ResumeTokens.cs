using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>The way back to a desktop after the network dropped. Only hashes are kept; a token works once, for its own person.</summary>
internal sealed class ResumeTokens
{
    private const int TokenBytes = 32;
    private readonly ConcurrentDictionary<string, DesktopSession> _desktops = new(StringComparer.Ordinal);

    public string New(DesktopSession desktop)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        _desktops[Hash(token)] = desktop;
        return token;
    }

    public void Forget(string? token)
    {
        if (token is not null) _desktops.TryRemove(Hash(token), out _);
    }

    /// <summary>The desktop this token leads to, once; null when there is none for this person.</summary>
    public DesktopSession? Take(string token, string owner) =>
        _desktops.TryRemove(Hash(token), out var desktop) && desktop.Owner == owner ? desktop : null;

    private static string Hash(string token) => Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
}
