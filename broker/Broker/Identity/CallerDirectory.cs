using System.Collections.Concurrent;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// Finds the caller behind a bearer token. An answer is remembered for two seconds, which bounds how long a token works
/// after its user was disabled; a token that is not known is never remembered.
/// </summary>
internal sealed class CallerDirectory(SignInStore store, TimeProvider time)
{
    private const int Most = 20_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, (Caller Caller, long At)> _recent = new(StringComparer.Ordinal);

    public async Task<Caller?> FindAsync(string? token, CancellationToken ct)
    {
        if (!OpaqueToken.TryHash(token, out var sha256)) return null;
        var key = Convert.ToHexString(sha256);
        if (_recent.TryGetValue(key, out var recent) && time.GetElapsedTime(recent.At) < Remembered) return recent.Caller;

        // The clock is read before the database answers: the two seconds begin when the answer was true.
        var asked = time.GetTimestamp();
        var caller = await store.FindCallerAsync(sha256, key, ct);
        if (caller is null)
        {
            _recent.TryRemove(key, out _);
            return null;
        }
        if (_recent.Count >= Most) _recent.Clear();
        _recent[key] = (caller, asked);
        return caller;
    }

    public void Forget(string signIn) => _recent.TryRemove(signIn, out _);
}
