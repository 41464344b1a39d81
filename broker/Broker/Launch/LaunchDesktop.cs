using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>What somebody asks for.</summary>
internal sealed record LaunchOrder(RequestId Request, UserId User, PoolId Pool, string? ClientAddress, bool ForFile)
{
    /// <summary>The published application that is asked for; null: the whole desktop.</summary>
    public Guid? Application { get; init; }

    /// <summary>SHA-256 of the token that asks.</summary>
    public byte[]? SignIn { get; init; }
}

/// <summary>What a launch says on its way.</summary>
internal abstract record LaunchNews
{
    private LaunchNews() { }

    public sealed record Waiting(WaitNotice Notice, DateTimeOffset Since) : LaunchNews;

    /// <summary>The ticket is in here in the clear: it is handed on once and kept nowhere.</summary>
    public sealed record Ready(SessionId Session, string Ticket, DateTimeOffset ExpiresAt, string MachineName, bool Reconnection) : LaunchNews
    {
        public override string ToString() => $"Ready {{ Session = {Session} }}";
    }

    /// <param name="Detail">What it is about, where the sentence needs it.</param>
    public sealed record Refused(RefusalReason Reason, string Detail = "") : LaunchNews;
}

/// <summary>Brings a user to a machine, or keeps a place in the queue and says why, until there is one.</summary>
internal sealed class LaunchDesktop(
    LaunchStore store, LaunchDoorbell doorbell, LaunchTraces traces, StartPrograms programs, IOptions<LaunchOptions> options, TimeProvider time, ILogger<LaunchDesktop> log)
{
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromSeconds(1.5);

    /// <summary>The person gives the place in the queue back; whoever waits for it ends, whoever is behind moves up. False: nobody waited.</summary>
    public async Task<bool> GiveUpAsync(UserId user, PoolId pool)
    {
        var left = await store.GiveUpAsync(user, pool);
        if (left) doorbell.Ring(pool);
        return left;
    }

    public async IAsyncEnumerable<LaunchNews> RunAsync(LaunchOrder order, [EnumeratorCancellation] CancellationToken ct)
    {
        var since = time.GetUtcNow();
        var session = new SessionId(Guid.CreateVersion7(since));
        var (queued, refusedBefore) = (false, false);
        var trace = new LaunchTrace(order, traces, time);
        WaitNotice? told = null;
        try
        {
            while (true)
            {
                var ring = doorbell.NextRing(order.Pool);
                var ticket = RandomNumberGenerator.GetBytes(32);
                var text = Base64Url.EncodeToString(ticket);
                var answer = await trace.AskAsync(() => store.TryAsync(new(order.Request, order.User, order.Pool, order.ClientAddress, session,
                    SHA256.HashData(ticket), order.ForFile ? options.Value.FileTicketLifetime : options.Value.TicketLifetime,
                    Random.Shared.Next()) { TraceParent = Instruments.TraceParent, Application = order.Application, SignIn = order.SignIn }));
                CryptographicOperations.ZeroMemory(ticket);
                switch (LaunchPolicy.Decide(answer.Facts))
                {
                    case Placement.Start start:
                        queued = false;
                        trace.Granted(start, answer.Facts);
                        log.SessionOpened(order.User, start.Session, start.Machine);
                        yield return new LaunchNews.Ready(start.Session, text, answer.TicketExpiresAt!.Value, answer.MachineName, false);
                        yield break;
                    case Placement.Reconnect again when order.Application is { } application && !await programs.RunAsync(again.Session, application, ct):
                        if (!refusedBefore)
                        {
                            // The session may just have ended with its last program, and the broker hears of it in a moment.
                            refusedBefore = true;
                            await Task.Delay(AfterRefusal, time, ct);
                            continue;
                        }
                        trace.Refused(RefusalReason.OtherProgramOpen, answer.Facts);
                        log.Refused(order.User, order.Pool, RefusalReason.OtherProgramOpen);
                        yield return new LaunchNews.Refused(RefusalReason.OtherProgramOpen, answer.OpenApplication);
                        yield break;
                    case Placement.Reconnect again:
                        queued = false;
                        trace.Granted(again, answer.Facts);
                        log.SessionRejoined(order.User, again.Session, again.Machine);
                        yield return new LaunchNews.Ready(again.Session, text, answer.TicketExpiresAt!.Value, answer.MachineName, true);
                        yield break;
                    case Placement.Refuse refuse:
                        trace.Refused(refuse.Reason, answer.Facts);
                        log.Refused(order.User, order.Pool, refuse.Reason);
                        queued &= refuse.Reason != RefusalReason.LeftQueue;   // its mark stays: another call may still wait under the same request
                        yield return new LaunchNews.Refused(refuse.Reason, refuse.Reason switch { RefusalReason.QuotaReached => answer.OpenSessions, RefusalReason.GroupQuotaReached => answer.FullGroups, RefusalReason.PoolClosed => answer.Opens, RefusalReason.OtherProgramOpen => answer.OpenApplication, _ => "" });
                        yield break;
                }
                if (time.GetUtcNow() - since > options.Value.LongestWait)
                {
                    trace.Refused(RefusalReason.LaunchTimedOut);
                    log.Refused(order.User, order.Pool, RefusalReason.LaunchTimedOut);
                    yield return new LaunchNews.Refused(RefusalReason.LaunchTimedOut);
                    yield break;
                }
                var facts = await store.WaitAsync(order.Request, order.User, order.Pool);
                if (facts.LeftQueue)
                {
                    queued = false;
                    trace.Refused(RefusalReason.LeftQueue);
                    yield return new LaunchNews.Refused(RefusalReason.LeftQueue);
                    yield break;
                }
                queued = true;
                var notice = LaunchPolicy.Explain(facts);
                if (told is null || told.Reason != notice.Reason || told.Place != notice.Place) log.Waiting(order.User, order.Pool, notice.Place, notice.Reason);
                if (notice != told) trace.Waits(facts, notice);
                if (notice != told) yield return new LaunchNews.Waiting(told = notice, since);
                await Task.WhenAny(ring, Task.Delay(options.Value.Recheck, time, ct));
                ct.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            trace.Over();
            // A call that is given up keeps its place for 15 s (seen_at), so that a reload does not lose it; a timed-out one leaves.
            if (queued && !ct.IsCancellationRequested) await store.LeaveQueueAsync(order.User, order.Pool);
        }
    }
}
