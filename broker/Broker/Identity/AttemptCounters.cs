namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// Failed attempts by key, in a fixed number of slots: memory stays the same under any attack. Two keys may share a slot,
/// which only makes one of them wait; string hashes are seeded per process, so nobody can choose whom to share with.
/// </summary>
internal sealed class AttemptCounters(Func<int> attempts, TimeProvider time)
{
    private const int Slots = 1 << 16;
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(32);
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);
    private readonly Slot[] _slots = new Slot[Slots];
    private readonly Lock _lock = new();

    /// <summary>How long the key still has to wait; zero when it may try now.</summary>
    public TimeSpan Wait(string key)
    {
        var free = attempts();
        lock (_lock)
        {
            ref var slot = ref Of(key);
            if (slot.Failures + slot.Running < free) return TimeSpan.Zero;
            // Attempts under way count as failed until they end: parallel guesses gain nothing.
            if (slot.Failures < free) return TimeSpan.FromSeconds(1);
            var delay = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(slot.Failures - free, 5)));
            var left = (delay < LongestDelay ? delay : LongestDelay) - time.GetElapsedTime(slot.LastFailure);
            if (left > TimeSpan.Zero) return left;
            return slot.Running > 0 ? TimeSpan.FromSeconds(1) : TimeSpan.Zero;
        }
    }

    public void Begin(string key)
    {
        lock (_lock) Of(key).Running++;
    }

    public void End(string key)
    {
        lock (_lock) Of(key).Running--;
    }

    public void Failed(string key)
    {
        lock (_lock)
        {
            ref var slot = ref Of(key);
            slot.Failures++;
            slot.LastFailure = time.GetTimestamp();
        }
    }

    public void Forget(string key)
    {
        lock (_lock) Of(key).Failures = 0;
    }

    private ref Slot Of(string key)
    {
        ref var slot = ref _slots[string.GetHashCode(key, StringComparison.Ordinal) & (Slots - 1)];
        if (slot.Failures > 0 && time.GetElapsedTime(slot.LastFailure) > Forgotten) slot.Failures = 0;
        return ref slot;
    }

    private struct Slot
    {
        public int Failures;
        public int Running;
        public long LastFailure;
    }
}
