using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>
/// Writes why launches ended as they did, many at once and after the people have their answers. Bounded: where the database
/// cannot keep up or is away, whole traces are dropped and counted, and the log says so.
/// </summary>
internal sealed class LaunchTraces(TraceStore store, IOptions<LaunchOptions> options, TimeProvider time, ILogger<LaunchTraces> log) : BackgroundService
{
    private const int MostWaiting = 4096;
    private const int MostAtOnce = 2000;

    // Launches of one moment are written together: the machines of their pool are counted once, which takes some 10 ms for 5,000.
    private static readonly TimeSpan Gather = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(10);

    private readonly Channel<TracedLaunch> _waiting = Channel.CreateBounded<TracedLaunch>(MostWaiting);
    private long _dropped;
    private long _told;

    /// <summary>Traces that were not kept since this broker started.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Never waits.</summary>
    public void Keep(TracedLaunch trace)
    {
        if (!_waiting.Writer.TryWrite(trace)) Interlocked.Increment(ref _dropped);
    }

    /// <summary>Writes what is there.</summary>
    public async Task WriteAsync()
    {
        while (Take() is { Count: > 0 } batch) await store.WriteAsync(batch);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await WriteAsync().WaitAsync(AfterFailure, time, cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            log.TracesNotWritten(_waiting.Reader.Count, e);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(WriteOnAsync(stoppingToken), SweepOnAsync(stoppingToken));

    private async Task WriteOnAsync(CancellationToken ct)
    {
        List<TracedLaunch> batch = [];
        while (!ct.IsCancellationRequested)
        {
            if (batch.Count == 0)
            {
                await _waiting.Reader.WaitToReadAsync(ct);
                await Task.Delay(Gather, time, ct);
                batch = Take();
            }
            try
            {
                await store.WriteAsync(batch);
                batch = [];
            }
            catch (Exception e) when (e is NpgsqlException and not PostgresException)
            {
                log.TracesWait(batch.Count, e);
                await Task.Delay(AfterFailure, time, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                // Not the line but the content: the same again would fail again.
                Interlocked.Add(ref _dropped, batch.Count);
                log.TracesNotWritten(batch.Count, e);
                batch = [];
            }
            TellDropped();
        }
    }

    private async Task SweepOnAsync(CancellationToken ct)
    {
        using var tick = new PeriodicTimer(SweepEvery, time);
        while (await tick.WaitForNextTickAsync(ct))
        {
            try
            {
                await store.SweepAsync(options.Value.KeepTraces, options.Value.LongestWait + SweepEvery, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.TraceSweepFailed(SweepEvery, e);
            }
        }
    }

    // A launch that began to wait and was served in one batch is one row.
    private List<TracedLaunch> Take()
    {
        var taken = new Dictionary<Guid, TracedLaunch>();
        while (taken.Count < MostAtOnce && _waiting.Reader.TryRead(out var trace)) taken[trace.LaunchTraceId] = trace;
        return [.. taken.Values];
    }

    private void TellDropped()
    {
        var dropped = Dropped;
        if (dropped == _told) return;
        log.TracesDropped(dropped - _told, dropped);
        _told = dropped;
    }
}
