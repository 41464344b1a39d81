using System.Collections.Concurrent;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>A fixed number of threads for work that blocks or computes long, with a bounded queue: waiting is short or refused.</summary>
internal sealed class BlockingThreads : IDisposable
{
    private readonly BlockingCollection<Action> _waiting;

    public BlockingThreads(string name, int threads, int waiting)
    {
        _waiting = new(waiting);
        for (var thread = 1; thread <= threads; thread++)
            new Thread(Work) { IsBackground = true, Name = $"{name} {thread}" }.Start();
    }

    /// <summary>Null when the queue is full.</summary>
    public Task<T>? TryRun<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var queued = !_waiting.IsAddingCompleted && _waiting.TryAdd(() =>
        {
            try { done.SetResult(work()); }
            catch (Exception e) { done.SetException(e); }
        });
        return queued ? done.Task : null;
    }

    // The collection itself is left to the collector: a thread may still be taking its last item.
    public void Dispose() => _waiting.CompleteAdding();

    private void Work()
    {
        foreach (var work in _waiting.GetConsumingEnumerable()) work();
    }
}
