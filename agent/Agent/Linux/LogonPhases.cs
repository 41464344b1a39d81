using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Sessions;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// Hears PAM and times a logon: authenticate, session_open, display (the X server answers), desktop (a window manager
/// runs). Each phase begins where the one before ended.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class LogonPhases(SignInSecrets secrets, SessionBoard board, SessionWatch watch, TimeProvider time, ILogger log, CancellationToken ct) : IPamListener
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _authenticated = new(StringComparer.Ordinal);

    public bool Authenticate(string user, ReadOnlySpan<byte> secret)
    {
        var from = time.GetUtcNow();
        if (!secrets.TryUse(user, secret, out var sessionId)) return false;
        board.SignedIn(user, sessionId);
        var to = time.GetUtcNow();
        lock (_lock) _authenticated[user] = to;
        board.Reached(user, "authenticate", from, to);
        log.SignInAccepted(user);
        watch.Ring();
        return true;
    }

    public void SessionOpened(string user, int leader)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (_authenticated.Remove(user, out var authenticated)) board.Reached(user, "session_open", authenticated, now);
        }
        _ = FollowAsync(user, leader, now);
    }

    public void SessionClosed(string user, int leader) => watch.Ring();

    private async Task FollowAsync(string user, int leader, DateTimeOffset openedAt)
    {
        try
        {
            var until = openedAt + Longest;
            using var display = await DisplayAsync(leader, until);
            if (display is null) return;
            var displayedAt = time.GetUtcNow();
            board.Reached(user, "display", openedAt, displayedAt);
            while (time.GetUtcNow() < until)
            {
                if (await display.HasWindowManagerAsync(ct))
                {
                    board.Reached(user, "desktop", displayedAt, time.GetUtcNow());
                    return;
                }
                await Task.Delay(Step, time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            log.PhasesUnknown(user, e);
        }
    }

    private async Task<X11Display?> DisplayAsync(int leader, DateTimeOffset until)
    {
        while (time.GetUtcNow() < until && ProcTable.Read(leader) is not null)
        {
            watch.Ring();
            if (watch.Sessions.FirstOrDefault(s => s.Leader.Pid == leader) is { } session && await X11Display.TryOpenAsync(session, ct) is { } display) return display;
            await Task.Delay(Step, time, ct);
        }
        return null;
    }
}
