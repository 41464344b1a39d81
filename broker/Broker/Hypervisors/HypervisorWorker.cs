using System.Threading.Channels;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>
/// A few threads and a bounded queue for the blocking calls of one host: a host that hangs blocks its own threads and nothing else.
/// A caller whose deadline passes goes on; the call itself stays on its thread until the host lets it go.
/// </summary>
internal sealed class HypervisorWorker : IDisposable
{
    public const int Threads = 3, LongestQueue = 256;
    private readonly string _host;
    private readonly TimeProvider _time;
    private readonly Channel<Action> _queue = Channel.CreateBounded<Action>(LongestQueue);

    public HypervisorWorker(string host, TimeProvider time, int threads = Threads)
    {
        _host = host;
        _time = time;
        for (var i = 0; i < threads; i++)
            new Thread(Run) { IsBackground = true, Name = $"hypervisor {host} {i}" }.Start();
    }

    public async Task<T> RunAsync<T>(Func<CancellationToken, T> call, TimeSpan deadline, CancellationToken ct)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var patience = new CancellationTokenSource(deadline, _time);
        using var given = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        var token = given.Token;
        // INVARIANT: a call that nobody waits for any more is not begun; begun, it is not interrupted half-way.
        if (!_queue.Writer.TryWrite(() => Complete(done, call, token)))
            throw new HypervisorUnavailableException($"Host {_host} has {LongestQueue} calls waiting; it hangs or is overloaded.");
        try
        {
            return await done.Task.WaitAsync(token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new HypervisorUnavailableException($"Host {_host} did not finish within {deadline.TotalSeconds:0} s.");
        }
    }

    public void Dispose() => _queue.Writer.TryComplete();

    private static void Complete<T>(TaskCompletionSource<T> done, Func<CancellationToken, T> call, CancellationToken token)
    {
        if (token.IsCancellationRequested)
        {
            done.TrySetCanceled(token);
            return;
        }
        try { done.TrySetResult(call(token)); }
        catch (Exception e) { done.TrySetException(e); }
    }

    private void Run()
    {
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            while (_queue.Reader.TryRead(out var call)) call();
    }
}
