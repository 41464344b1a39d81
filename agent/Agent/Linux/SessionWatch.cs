using System.Collections.Concurrent;
using System.Runtime.Versioning;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// Keeps the board equal to what runs. A ring of the doorbell (PAM, logind) makes it look at once; between rings it
/// looks every second while there is a session, because nothing tells of an xrdp client that comes or goes, and rarely else.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class SessionWatch(SessionBoard board, SessionMemory memory, SessionLocks locks, SessionPrograms programs, DateTimeOffset booted, string xrdpSockets, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan WithSession = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WithoutSession = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstConnection = TimeSpan.FromMinutes(2);      // as long as a logon is followed, see LogonPhases

    private readonly Channel<bool> _doorbell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<string, bool> _hasConnected = new(StringComparer.Ordinal);
    private volatile List<XrdpSession> _sessions = [];

    public IReadOnlyList<XrdpSession> Sessions => _sessions;

    public void Ring() => _doorbell.Writer.TryWrite(true);

    /// <summary>The session's client was sent away: none is on its way any more, even if it was never seen.</summary>
    public void SentAway(string guestSession)
    {
        _hasConnected[guestSession] = true;
        Ring();
    }

    public XrdpSession? Find(string guestSession) => _sessions.FirstOrDefault(s => s.Id == guestSession);

    public async Task RunAsync(CancellationToken ct)
    {
        StartLogindMonitor(ct);
        while (true)
        {
            try
            {
                Look();
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.SessionsUnreadable(e);
            }

            using var tick = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var rung = _doorbell.Reader.WaitToReadAsync(tick.Token).AsTask();
            await Task.WhenAny(rung, Task.Delay(_sessions.Count > 0 ? WithSession : WithoutSession, time, tick.Token));
            await tick.CancelAsync();
            ct.ThrowIfCancellationRequested();
            _doorbell.Reader.TryRead(out _);
        }
    }

    /// <summary>Reads everything anew and tells the board.</summary>
    public void Look()
    {
        var all = ProcTable.ReadAll();
        var sessions = XrdpSession.FindAll(all);
        var connected = sessions.Count == 0 ? [] : XrdpSession.ConnectedDisplays(xrdpSockets, File.ReadAllText("/proc/net/unix"));
        foreach (var gone in _hasConnected.Keys.Except(sessions.Select(s => s.Id))) _hasConnected.TryRemove(gone, out _);
        _sessions = sessions;
        var seen = sessions.ConvertAll(s => Seen(s, all, connected.Contains(s.Display)));
        seen.AddRange(LocalSessions.FindAll(sessions, booted));
        board.Replace(seen);
        memory.Save(board.SessionIds());
    }

    // A new session's client is on its way until shown otherwise: Disconnected would be a wrong first word.
    private SeenSession Seen(XrdpSession session, List<Proc> all, bool connected)
    {
        var startedAt = session.StartedAt(booted);
        var already = _hasConnected.GetValueOrDefault(session.Id);
        if (connected) _hasConnected[session.Id] = true;
        else _hasConnected.TryAdd(session.Id, false);
        var coming = !already && time.GetUtcNow() - startedAt < FirstConnection;
        return new SeenSession(session.Id, session.User.Name, connected || coming, startedAt, memory.SessionIdOf(session.Id), locks.IsLocked(session.Id), programs.Running(session, all));
    }

    private void StartLogindMonitor(CancellationToken ct)
    {
        if (LoginMonitor.TryOpen() is not { } monitor) return;
        var thread = new Thread(() =>
        {
            while (!ct.IsCancellationRequested)
            {
                if (monitor.Wait(TimeSpan.FromSeconds(1))) Ring();
            }
            monitor.Dispose();
        })
        {
            IsBackground = true,
            Name = "logind",
        };
        thread.Start();
    }
}
