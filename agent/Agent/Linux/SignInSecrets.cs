using System.Security.Cryptography;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// Sign-ins that the broker has prepared: a hash in memory for each user, good once and for a short time.
/// INVARIANT: of any number of attempts with the right secret, at most one is accepted.
/// </summary>
internal sealed class SignInSecrets(TimeProvider time)
{
    private const int MostWrong = 5;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Prepared> _prepared = new(StringComparer.Ordinal);

    public void Prepare(string user, string sessionId, byte[] secretSha256, TimeSpan lifetime)
    {
        var until = time.GetTimestamp() + (long)((lifetime < Longest ? lifetime : Longest).TotalSeconds * time.TimestampFrequency);
        lock (_lock)
        {
            foreach (var old in _prepared.Where(p => p.Value.Until <= time.GetTimestamp()).Select(p => p.Key).ToList()) _prepared.Remove(old);
            _prepared[user] = new Prepared(sessionId, secretSha256, until);
        }
    }

    /// <summary>True once, for exactly that user and secret; tells which session of the broker's it opens.</summary>
    public bool TryUse(string user, ReadOnlySpan<byte> secret, out string sessionId)
    {
        Span<byte> presented = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(secret, presented);
        lock (_lock)
        {
            sessionId = "";
            if (!_prepared.TryGetValue(user, out var prepared)) return false;
            var right = CryptographicOperations.FixedTimeEquals(presented, prepared.SecretSha256);
            var late = prepared.Until <= time.GetTimestamp();
            if (late || right || ++prepared.Wrong >= MostWrong) _prepared.Remove(user);
            if (late || !right) return false;
            sessionId = prepared.SessionId;
            return true;
        }
    }

    private sealed class Prepared(string sessionId, byte[] secretSha256, long until)
    {
        public string SessionId { get; } = sessionId;

        public byte[] SecretSha256 { get; } = secretSha256;

        public long Until { get; } = until;

        public int Wrong { get; set; }
    }
}
