using System.Collections.Concurrent;
using System.Diagnostics;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>
/// Starts child processes from one thread that lives as long as this process. The kernel's parent-death signal belongs
/// to the thread that spawned the child: spawned from a pool thread, PostgreSQL stops when the pool retires that thread.
/// </summary>
internal sealed class SpawningThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    public SpawningThread(string name) => new Thread(Run) { IsBackground = true, Name = name }.Start();

    /// <summary>Starts the process; the answer comes when it is running.</summary>
    public Task<Process> StartAsync(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    /// <summary>Ends the thread, and with it every child that asked for a parent-death signal.</summary>
    /// <remarks>
    /// The collection is left to the collector: the container disposes of our owner twice, as itself and as a hosted
    /// service, and a call on a disposed collection would end the broker with that instead of its real reason.
    /// </remarks>
    public void Dispose() => _work.CompleteAdding();

    private void Run()
    {
        foreach (var start in _work.GetConsumingEnumerable()) start();
    }
}
