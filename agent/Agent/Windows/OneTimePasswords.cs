using System.Buffers.Text;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Principal;
using Montalegre.Vdi.Native.Windows;

namespace Montalegre.Vdi.Agent.Windows;

/// <summary>
/// One-time sign-in where no module can be asked: the local account's password is the broker's secret for a minute or
/// until used, and nobody's afterwards.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed class OneTimePasswords(TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string SessionId, long Until)> _open = new(StringComparer.OrdinalIgnoreCase);

    public void Prepare(string user, string secret, string sessionId, TimeSpan lifetime)
    {
        if (!LocalUser.TrySetPassword(user, secret)) LocalUser.Add(user, secret, "Montalegre VDI");
        LocalUser.AddToGroup(GroupName(WellKnownSidType.BuiltinRemoteDesktopUsersSid), user);
        var until = time.GetTimestamp() + (long)((lifetime < Longest ? lifetime : Longest).TotalSeconds * time.TimestampFrequency);
        lock (_lock) _open[user] = (sessionId, until);
    }

    /// <summary>The person is in: the password has done its work. Answers the broker's session id; null when not prepared.</summary>
    public string? Used(string user)
    {
        lock (_lock)
        {
            if (!_open.Remove(user, out var prepared)) return null;
            LocalUser.TrySetPassword(user, Unknowable());
            return prepared.SessionId;
        }
    }

    public void CloseExpired()
    {
        lock (_lock)
        {
            foreach (var user in _open.Where(o => o.Value.Until <= time.GetTimestamp()).Select(o => o.Key).ToList())
            {
                _open.Remove(user);
                LocalUser.TrySetPassword(user, Unknowable());
            }
        }
    }

    // The suffix satisfies every complexity rule whatever the random part looks like.
    private static string Unknowable() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)) + "aA1!";

    private static string GroupName(WellKnownSidType group)
    {
        var full = new SecurityIdentifier(group, null).Translate(typeof(NTAccount)).Value;
        return full[(full.LastIndexOf('\\') + 1)..];
    }
}
