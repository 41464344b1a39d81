using Microsoft.Extensions.Options;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Ends reservations that nobody came to, a bounded number each time, looks after time-outs, and writes the gathered idle times.</summary>
internal sealed class SessionSweep(
    SessionStore sessions, EndSession end, TimeOutSessions timeOut, GreetSessions greet, LockSessions locks, StartPrograms programs, IdleReports idle, IOptions<SessionOptions> options, TimeProvider time, ILogger<SessionSweep> log) : BackgroundService
{
    private const int MostAtOnce = 100;
    private const int IdleBatch = 500;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        EveryAsync(options.Value.SweepEvery, () => EndOverdueAsync(stoppingToken), log.SweepFailed, stoppingToken),
        EveryAsync(options.Value.TimeoutsEvery, () => timeOut.RunAsync(stoppingToken), log.TimeoutsFailed, stoppingToken),
        EveryAsync(options.Value.TimeoutsEvery, () => greet.RunAsync(stoppingToken), log.GreetingFailed, stoppingToken),
        RungAsync(locks.NextAsync, locks.RunAsync, log.LocksFailed, stoppingToken),
        RungAsync(programs.NextAsync, programs.RunAsync, log.ProgramsFailed, stoppingToken),
        EveryAsync(options.Value.WriteIdleEvery, WriteIdleAsync, log.IdleWriteFailed, stoppingToken));

    /// <summary>Ends what is overdue now; the end statement decides again, so that somebody who just came keeps the session.</summary>
    public async Task EndOverdueAsync(CancellationToken ct)
    {
        foreach (var session in await sessions.NeverLoggedOnAsync(MostAtOnce, ct))
        {
            ct.ThrowIfCancellationRequested();
            await end.RunAsync(new(new(session.SessionId), SessionEnd.NeverLoggedOn, "broker") { OnlyPending = true, NewestTicketOlderThan = session.Patience });
        }
    }

    /// <summary>Writes what was gathered.</summary>
    public async Task WriteIdleAsync()
    {
        while (idle.Take(IdleBatch) is { Count: > 0 } batch) await sessions.IdleAsync(batch);
    }

    private async Task RungAsync(Func<TimeSpan, CancellationToken, Task> next, Func<CancellationToken, Task> work, Action<TimeSpan, Exception> failed, CancellationToken ct)
    {
        while (true)
        {
            await next(options.Value.TimeoutsEvery, ct);
            try
            {
                await work(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                failed(options.Value.TimeoutsEvery, e);
            }
        }
    }

    private async Task EveryAsync(TimeSpan interval, Func<Task> work, Action<TimeSpan, Exception> failed, CancellationToken ct)
    {
        using var tick = new PeriodicTimer(interval, time);
        while (await tick.WaitForNextTickAsync(ct))
        {
            try
            {
                await work();
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                failed(interval, e);
            }
        }
    }
}
