namespace Montalegre.Vdi.Broker.Storage;

/// <summary>
/// What the supervisor of the private cluster knows, for those who want a connection: while the cluster is on its way back
/// they wait here instead of failing. Always open for an external database, whose state nobody tells us.
/// </summary>
internal sealed class OpeningGate(TimeProvider time)
{
    /// <summary>How long one request may wait for the database to come back, all its waits together.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private volatile TaskCompletionSource? _return;

    public bool IsOpen => _return is null;

    /// <summary>False once the supervisor has given up: then there is nothing to wait for.</summary>
    public bool ComesBack { get; private set; } = true;

    /// <summary>The database has ended; it is being started again.</summary>
    public void Close() => Interlocked.CompareExchange(ref _return, new(TaskCreationOptions.RunContinuationsAsynchronously), null);

    /// <summary>The database takes connections.</summary>
    public void Open() => Interlocked.Exchange(ref _return, null)?.TrySetResult();

    /// <summary>The database does not come back before an administrator helps: nobody waits any more.</summary>
    public void GiveUp()
    {
        ComesBack = false;
        Open();
    }

    /// <summary>Waits until the gate is open, but no longer than that; false when it is still closed then.</summary>
    public async Task<bool> WaitAsync(TimeSpan longest, CancellationToken ct)
    {
        if (_return is not { } back) return true;
        if (longest <= TimeSpan.Zero) return false;
        await Task.WhenAny(back.Task, Task.Delay(longest, time, ct));
        ct.ThrowIfCancellationRequested();
        return back.Task.IsCompleted;
    }
}
