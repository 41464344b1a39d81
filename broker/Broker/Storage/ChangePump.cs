using System.Collections.Concurrent;
using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>
/// Follows the change table, once per node, and tells everybody in this process who watches. Other nodes' changes arrive
/// within a tenth of a second; our own at once, when the writer rings.
/// </summary>
internal sealed class ChangePump(ChangeStore store, TimeProvider time, ILogger<ChangePump> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestGap = TimeSpan.FromMinutes(5);   // half of what the table keeps
    private readonly ConcurrentDictionary<ChangeSubscription, byte> _subscribers = new();
    private readonly SemaphoreSlim _bell = new(0, 1);

    /// <summary>Call after a commit that people should see at once. Cheap, never blocks, never fails.</summary>
    public void Ring()
    {
        try
        {
            _bell.Release();
        }
        catch (SemaphoreFullException)
        {
            return;   // it rings already
        }
    }

    /// <summary>
    /// Subscribes at once, not at the first read: subscribe, then take the snapshot, then read, and nothing is missed. A
    /// batch that says Lost means: take the snapshot again.
    /// </summary>
    public IAsyncEnumerable<ChangeBatch> Subscribe(CancellationToken ct)
    {
        var subscription = new ChangeSubscription();
        _subscribers[subscription] = 0;
        ct.Register(() => _subscribers.TryRemove(subscription, out _));
        return subscription.ReadAsync(ct);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ChangePosition? position = null;
        var reached = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (position is null)
                {
                    position = await store.NowAsync(stoppingToken);
                    Publish(ChangeBatch.SomeWereLost);
                }
                var more = true;
                while (more)
                {
                    (var changes, position, more) = await store.ReadAsync(position.Value, stoppingToken);
                    if (changes.Count > 0) Publish(new ChangeBatch(changes.Distinct().ToArray(), Lost: false));
                }
                reached = time.GetTimestamp();
                await _bell.WaitAsync(Interval, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (e is not NpgsqlException) log.ChangePumpFailed(e);
                // Rows may have been swept meanwhile, or the database be an older copy: then start again from now.
                if (time.GetElapsedTime(reached) > LongestGap || e is not NpgsqlException) position = null;
                await Task.Delay(RetryDelay, time, stoppingToken);
            }
        }
    }

    private void Publish(ChangeBatch batch)
    {
        foreach (var subscriber in _subscribers.Keys) subscriber.Offer(batch);
    }
}
