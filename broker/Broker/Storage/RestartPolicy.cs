namespace Montalegre.Vdi.Broker.Storage;

/// <summary>How long to wait before the next start after a failure, and when to stop trying.</summary>
internal sealed class RestartPolicy(int failuresBeforeGivingUp, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan[] Delays = [TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)];
    private readonly Queue<long> _failures = [];

    /// <summary>Counts a failure; the wait before the next start, or null to give up.</summary>
    public TimeSpan? AfterFailure()
    {
        _failures.Enqueue(time.GetTimestamp());
        while (time.GetElapsedTime(_failures.Peek()) > Window) _failures.Dequeue();
        return _failures.Count >= failuresBeforeGivingUp ? null : Delays[Math.Min(_failures.Count, Delays.Length) - 1];
    }
}
