using System.Diagnostics;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Native.Posix;

namespace Montalegre.Vdi.Broker.Tests.Storage;

public sealed class SpawningThreadTests
{
    private static ProcessStartInfo Sleeper => new("/usr/bin/setpriv", ["--pdeathsig", "TERM", "--", "/bin/sleep", "600"]);

    [Fact]
    public async Task Child_outlives_the_thread_that_asked_for_it_and_ends_with_the_spawning_thread()
    {
        var spawning = new SpawningThread("test");
        Process? child = null;
        OnAShortThread(() => child = spawning.StartAsync(Sleeper).GetAwaiter().GetResult());
        await HasBecomeAsync(child!, "sleep");

        for (var i = 0; i < 50; i++) OnAShortThread(() => Thread.Yield());   // churn: threads come and go
        Assert.True(Processes.IsRunning(child!.Id));

        spawning.Dispose();
        await child.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(BrokerProcess.Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Child_spawned_from_a_short_thread_dies_with_it_which_is_the_trap()
    {
        Process? child = null;
        using var spawned = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            child = Process.Start(Sleeper);
            spawned.Set();
            mayEnd.Wait();
        });
        thread.Start();
        spawned.Wait(TestContext.Current.CancellationToken);
        await HasBecomeAsync(child!, "sleep");

        mayEnd.Set();
        thread.Join();

        await child!.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(BrokerProcess.Deadline, TestContext.Current.CancellationToken);
    }

    private static void OnAShortThread(ThreadStart work)
    {
        var thread = new Thread(work);
        thread.Start();
        thread.Join();
    }

    private static Task HasBecomeAsync(Process child, string name) => Eventually.IsTrueAsync(() => Processes.NameOf(child.Id) == name, $"setpriv has become {name}");
}
