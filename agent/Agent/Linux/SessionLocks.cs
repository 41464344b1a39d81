using System.Collections.Concurrent;
using System.Runtime.Versioning;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Sessions;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// Which sessions are locked, and that they stay so: a locker that ends without an order costs the session its client, at once.
/// Lockers outlive the agent; one that starts again finds those of the one before.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class SessionLocks(Func<XrdpSession, string?> disconnect, Func<int, bool> hasClient, LockMemory memory, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    // With the locker's end it takes less than the ten seconds for which the broker waits for a prepared sign-in.
    private static readonly TimeSpan ToDisconnect = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ForServer = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(10);

    // One order at a time: a lock and an unlock that cross must not leave half of each.
    private readonly SemaphoreSlim _orders = new(1, 1);
    private readonly ConcurrentDictionary<string, Proc> _lockers = new(memory.Read(), StringComparer.Ordinal);
    private readonly Channel<bool> _some = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public bool IsLocked(string guestSession) => _lockers.ContainsKey(guestSession);

    public async Task<string?> LockAsync(XrdpSession session, CancellationToken ct)
    {
        await _orders.WaitAsync(ct);
        try
        {
            if (_lockers.TryGetValue(session.Id, out var known) && ProcTable.IsAlive(known)) return null;
            var (locker, problem) = await ScreenLocker.StartAsync(session, ct);
            if (locker is not { } started) return problem;
            _lockers[session.Id] = started;
            memory.Write(_lockers);
            _some.Writer.TryWrite(true);
            return null;
        }
        finally
        {
            _orders.Release();
        }
    }

    /// <param name="disconnectFirst">So that whoever stands before the old client does not see the desktop.</param>
    public async Task<string?> UnlockAsync(XrdpSession session, bool disconnectFirst, CancellationToken ct)
    {
        await _orders.WaitAsync(ct);
        try
        {
            if (!_lockers.TryGetValue(session.Id, out var locker)) return null;
            if (disconnectFirst && await WithoutClientAsync(session, ct) is { } problem) return problem;
            // Forgotten first: from here on its end is no loss, and is not left half done when the order's time is over.
            _lockers.TryRemove(session.Id, out _);
            memory.Write(_lockers);
            return await ScreenLocker.EndAsync(session, locker, time) ? null : "the locker could not be ended";
        }
        finally
        {
            _orders.Release();
        }
    }

    /// <summary>Watches over the lockers until stopped.</summary>
    public async Task RunAsync(SessionWatch watch, SessionBoard board, CancellationToken ct)
    {
        for (var left = FirstLook; left > TimeSpan.Zero && _lockers.Keys.Any(id => watch.Find(id) is null); left -= Look) await Task.Delay(Look, time, ct);
        while (true)
        {
            foreach (var (id, locker) in _lockers)
            {
                if (ProcTable.IsAlive(locker)) continue;
                if (watch.Find(id) is not { } session) Forget(id, locker);
                else if (Forget(id, locker)) await LostAsync(session, watch, board, ct);
            }
            if (_lockers.IsEmpty) await _some.Reader.ReadAsync(ct);
            else await Task.Delay(Look, time, ct);
        }
    }

    public void Dispose() => _orders.Dispose();

    // False: an order took it meanwhile.
    private bool Forget(string id, Proc locker)
    {
        if (!_lockers.TryRemove(new(id, locker))) return false;
        memory.Write(_lockers);
        return true;
    }

    private async Task LostAsync(XrdpSession session, SessionWatch watch, SessionBoard board, CancellationToken ct)
    {
        var problem = disconnect(session);
        ScreenLocker.EndModules(session);
        // A locker goes with the X server when the session ends: then nothing was lost.
        await Task.Delay(ForServer, time, ct);
        if (ProcTable.IsAlive(session.Server))
        {
            log.LockerEnded(session.Id, problem ?? "disconnected");
            board.LockLost(session.Id);
        }
        watch.Ring();
    }

    private async Task<string?> WithoutClientAsync(XrdpSession session, CancellationToken ct)
    {
        if (!hasClient(session.Display)) return null;
        if (disconnect(session) is { } problem) return problem;
        for (var left = ToDisconnect; left > TimeSpan.Zero; left -= Look)
        {
            if (!hasClient(session.Display)) return null;
            await Task.Delay(Look, time, ct);
        }
        return "the session's old client could not be disconnected, so the desktop stays locked";
    }
}
