using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Hypervisors;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

public sealed class HypervisorWorkerTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private readonly FakeTimeProvider _time = new();
    private readonly HypervisorWorker _worker;
    private readonly ManualResetEventSlim _hostAnswers = new();

    public HypervisorWorkerTests() => _worker = new HypervisorWorker("test", _time);

    public void Dispose()
    {
        _hostAnswers.Set();
        _worker.Dispose();
    }

    [Fact]
    public async Task Call_that_the_host_never_answers_ends_at_its_deadline()
    {
        var call = _worker.RunAsync(_ => Hang(), Deadline, TestContext.Current.CancellationToken);

        _time.Advance(Deadline);

        await Assert.ThrowsAsync<HypervisorUnavailableException>(() => call);
    }

    [Fact]
    public async Task Host_that_hangs_does_not_block_another_one()
    {
        var ct = TestContext.Current.CancellationToken;
        var hung = Enumerable.Range(0, HypervisorWorker.Threads).Select(_ => _worker.RunAsync(_ => Hang(), Deadline, ct)).ToArray();
        using var other = new HypervisorWorker("other", _time);

        Assert.Equal(1, await other.RunAsync(_ => 1, Deadline, ct));

        _hostAnswers.Set();
        await Task.WhenAll(hung);
    }

    [Fact]
    public async Task Long_image_upload_leaves_the_hosts_refill_its_pace()
    {
        var ct = TestContext.Current.CancellationToken;
        var upload = _worker.RunAsync(_ => Hang(), Deadline, ct);

        for (var step = 0; step < 100; step++) Assert.Equal(step, await _worker.RunAsync(_ => step, Deadline, ct));
        Assert.False(upload.IsCompleted);

        _hostAnswers.Set();
        await upload;
    }

    [Fact]
    public async Task Call_whose_deadline_passed_in_the_queue_is_never_begun()
    {
        var ct = TestContext.Current.CancellationToken;
        var hung = Enumerable.Range(0, HypervisorWorker.Threads).Select(_ => _worker.RunAsync(_ => Hang(), 2 * Deadline, ct)).ToArray();
        var begun = false;
        var late = _worker.RunAsync(_ => begun = true, Deadline, ct);

        _time.Advance(Deadline);
        await Assert.ThrowsAsync<HypervisorUnavailableException>(() => late);
        _hostAnswers.Set();
        await Task.WhenAll(hung);
        await _worker.RunAsync(_ => 0, Deadline, ct);

        Assert.False(begun);
    }

    [Fact]
    public async Task Queue_is_bounded()
    {
        var ct = TestContext.Current.CancellationToken;
        var calls = new List<Task>();
        // Threads take calls off the queue at their own pace, so the queue may hold a few more than its bound in all.
        var refused = await Record.ExceptionAsync(async () =>
        {
            for (var i = 0; i <= HypervisorWorker.LongestQueue + HypervisorWorker.Threads; i++)
            {
                var call = _worker.RunAsync(_ => Hang(), Deadline, ct);
                calls.Add(call);
                if (call.IsFaulted) await call;
            }
        });

        Assert.IsType<HypervisorUnavailableException>(refused);
        _hostAnswers.Set();
        await Task.WhenAll(calls.Where(call => !call.IsFaulted));
    }

    private int Hang()
    {
        _hostAnswers.Wait();
        return 0;
    }
}
