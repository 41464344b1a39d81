using System.Collections.Concurrent;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// Finds the caller behind a bearer token or an API key. An answer is remembered for two seconds, which bounds how long it works
/// after its user was disabled; what is not known is never remembered.
/// </summary>
internal sealed class CallerDirectory(SignInStore store, KeyCallers keys, TimeProvider time)
{
    private const int Most = 20_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, (Caller Caller, long At)> _recent = new(StringComparer.Ordinal);

    public async Task<Caller?> FindAsync(string? token, CancellationToken ct)
    {
        if (!OpaqueToken.TryHash(token, out var sha256)) return null;
        var signIn = Convert.ToHexString(sha256);
        return await RememberedAsync(signIn, () => store.FindCallerAsync(sha256, signIn, ct));
    }

    /// <param name="key">With its prefix. The same bits without it are another thing: neither is ever taken for the other.</param>
    /// <param name="sourceAddress">Where this call comes from.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Caller?> FindByKeyAsync(string key, string sourceAddress, CancellationToken ct)
    {
        if (!ApiKeySecret.TryHash(key, out var sha256)) return null;
        var signIn = Convert.ToHexString(sha256);
        var found = await RememberedAsync($"key {signIn}", () => keys.FindAsync(sha256, signIn, sourceAddress, ct));
        return found is null ? null : found with { SourceAddress = sourceAddress };
    }

    /// <summary>What he may has grown by his own call: the next one is to know.</summary>
    public void Forget(Caller caller) => Forget(caller.ApiKey is null ? caller.SignIn : $"key {caller.SignIn}");

    public void Forget(string signIn) => _recent.TryRemove(signIn, out _);

    /// <summary>A revoked key, by the hash of its secret.</summary>
    public void ForgetKey(byte[] sha256) => Forget($"key {Convert.ToHexString(sha256)}");

    private async Task<Caller?> RememberedAsync(string name, Func<Task<Caller?>> ask)
    {
        if (_recent.TryGetValue(name, out var recent) && time.GetElapsedTime(recent.At) < Remembered) return recent.Caller;

        // The clock is read before the database answers: the two seconds begin when the answer was true.
        var asked = time.GetTimestamp();
        if (await ask() is not { } caller)
        {
            _recent.TryRemove(name, out _);
            return null;
        }
        if (_recent.Count >= Most) _recent.Clear();
        _recent[name] = (caller, asked);
        return caller;
    }
}
