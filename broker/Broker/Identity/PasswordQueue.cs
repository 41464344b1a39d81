using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// Hashing a password is the slowest step of a sign-in by two orders of magnitude. It has its own threads, so that a rush
/// of sign-ins never starves launches, and a bounded queue, so that waiting is short or refused.
/// </summary>
internal sealed class PasswordQueue : IDisposable
{
    private readonly BlockingCollection<Action> _waiting;

    public PasswordQueue(IOptions<IdentityOptions> options)
    {
        _waiting = new(options.Value.HashWaiting);
        var workers = options.Value.HashWorkers > 0 ? options.Value.HashWorkers : Environment.ProcessorCount;
        for (var worker = 1; worker <= workers; worker++)
            new Thread(Work) { IsBackground = true, Name = $"password {worker}" }.Start();
    }

    /// <summary>Null when the queue is full: the caller answers SIGN_IN_BUSY.</summary>
    public Task<T>? TryRun<T>(Func<T> hashing)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var queued = !_waiting.IsAddingCompleted && _waiting.TryAdd(() =>
        {
            try { done.SetResult(hashing()); }
            catch (Exception e) { done.SetException(e); }
        });
        return queued ? done.Task : null;
    }

    // The collection itself is left to the collector: a thread may still be taking its last item.
    public void Dispose() => _waiting.CompleteAdding();

    private void Work()
    {
        foreach (var hashing in _waiting.GetConsumingEnumerable()) hashing();
    }
}
