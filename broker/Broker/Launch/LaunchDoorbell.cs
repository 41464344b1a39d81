using System.Collections.Concurrent;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>
/// Wakes the launches that wait for a pool when one of its machines may have become free. A ring is a hint:
/// whoever wakes asks the database, and a lost ring costs one recheck interval.
/// </summary>
internal sealed class LaunchDoorbell
{
    private readonly ConcurrentDictionary<PoolId, TaskCompletionSource> _bells = new();

    /// <summary>Completes at the next ring of the pool; take it before asking the database.</summary>
    public Task NextRing(PoolId pool) => _bells.GetOrAdd(pool, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Wakes everybody who waits for the pool.</summary>
    public void Ring(PoolId pool)
    {
        if (_bells.TryRemove(pool, out var bell)) bell.TrySetResult();
    }
}
