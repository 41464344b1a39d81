using System.Runtime.Versioning;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// Ends a session with all it started. First the window manager alone, as if the person had left: sesman then stops
/// the X server and closes the PAM session in order. What stays gets a signal that asks, then one that does not.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class LogOffSession(SessionWatch watch, TimeProvider time)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ForSesman = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ForPrograms = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(5);

    public async Task<string?> RunAsync(XrdpSession session, CancellationToken ct)
    {
        var logind = Logind.SessionOf(session.Leader.Pid);
        var all = ProcTable.ReadAll();
        var family = ProcTable.Family(all, session.Leader);
        foreach (var manager in family.Where(p => p.Parent == session.Leader.Pid && p.Pid != session.Server.Pid && p.Name != "xrdp-chansrv")) Signals.Terminate(manager.Pid);
        await UntilGoneAsync(() => ProcTable.IsAlive(session.Leader) ? [session.Leader] : [], ForSesman, time, ct);

        if (logind is not null && Logind.Sessions().Any(s => s.Id == logind)) await Run.ToEndAsync("loginctl", ["terminate-session", logind], ct);
        var left = await UntilGoneAsync(() => Left(session, family), TimeSpan.Zero, time, ct);
        foreach (var process in left) Signals.Terminate(process.Pid);
        left = await UntilGoneAsync(() => Left(session, family), ForPrograms, time, ct);
        foreach (var process in left) Signals.KillNow(process.Pid);
        left = await UntilGoneAsync(() => Left(session, family), AfterKill, time, ct);
        watch.Look();
        return left.Count == 0 ? null : $"{left.Count} processes of the session could not be ended";
    }

    // Programs that left the session's family count as its own unless the user has another session they may belong to.
    private List<Proc> Left(XrdpSession session, List<Proc> family)
    {
        var all = ProcTable.ReadAll();
        var left = family.Where(ProcTable.IsAlive).ToList();
        foreach (var started in left.ToList()) left.AddRange(ProcTable.Family(all, started).Where(p => !left.Contains(p)));
        if (watch.Sessions.Any(s => s.User.Uid == session.User.Uid && s.Id != session.Id)) return left;
        if (Logind.Sessions().Any(s => s.Uid == session.User.Uid && s.Class == "user" && s.Leader != session.Leader.Pid)) return left;
        left.AddRange(all.Where(p => !left.Contains(p) && ProcTable.Uid(p.Pid) == session.User.Uid));
        return left;
    }

    /// <summary>Waits until nothing is left, at most a time; what is left then.</summary>
    internal static async Task<List<Proc>> UntilGoneAsync(Func<List<Proc>> left, TimeSpan atMost, TimeProvider time, CancellationToken ct)
    {
        var until = time.GetTimestamp() + (long)(atMost.TotalSeconds * time.TimestampFrequency);
        while (true)
        {
            // The clock is asked first: in a pause between a look and the clock, what was seen may go while time runs out.
            var last = time.GetTimestamp() >= until;
            var now = left();
            if (now.Count == 0 || last) return now;
            await Task.Delay(Step, time, ct);
        }
    }
}
