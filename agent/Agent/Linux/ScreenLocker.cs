using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// xsecurelock on a session's own display, as its user: it covers the screen and takes keyboard and pointer, or ends. A signal
/// ends it; no password does, because the module that it asks always says no.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static class ScreenLocker
{
    private const string Program = "xsecurelock", Covered = "covered";
    private static readonly TimeSpan ToEnd = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);
    private static readonly string Modules = Path.Combine(AppContext.BaseDirectory, "Locker");
    private static readonly string Saver = $"XSECURELOCK_SAVER={Path.Combine(Modules, "saver_words")}";

    /// <summary>The locker once it covers the screen; else the sentence why not.</summary>
    public static async Task<(Proc? Locker, string? Problem)> StartAsync(XrdpSession session, CancellationToken ct)
    {
        if (Run.Find(Program) is null) return (null, "the machine has no xsecurelock to lock the screen with; install it in the image");
        string[] arguments =
        [
            .. session.AsItsUser,
            $"XSECURELOCK_AUTH={Path.Combine(Modules, "auth_never")}", Saver,
            "XSECURELOCK_BLANK_TIMEOUT=-1", "XSECURELOCK_BLANK_DPMS_STATE=on",
            // It outlives this agent, so that nothing it says may go to a pipe of ours but the one word that it covers the screen.
            "sh", "-c", $"exec 2>/dev/null; exec {Program} -- echo {Covered}",
        ];
        using var process = Run.Start("setpriv", arguments, input: null, output: true);
        if (process is null) return (null, "the machine has no setpriv; install util-linux in the image");
        // A read from a pipe does not hear of a cancellation; the end of its writer it does.
        using (ct.Register(static p => Kill((Process)p!), process))
        {
            if (await process.StandardOutput.ReadLineAsync(CancellationToken.None) == Covered && ProcTable.Read(process.Id) is { } locker) return (locker, null);
        }
        ct.ThrowIfCancellationRequested();
        Kill(process);
        return (null, "the locker could not take the screen, the keyboard and the pointer");
    }

    /// <summary>Ends it. False: it is still there.</summary>
    public static async Task<bool> EndAsync(XrdpSession session, Proc locker, TimeProvider time)
    {
        foreach (var end in new Func<int, bool>[] { Signals.Terminate, Signals.KillNow })
        {
            if (!ProcTable.IsAlive(locker)) break;
            end(locker.Pid);
            for (var left = ToEnd; left > TimeSpan.Zero && ProcTable.IsAlive(locker); left -= Step) await Task.Delay(Step, time);
        }
        if (ProcTable.IsAlive(locker)) return false;
        EndModules(session);
        return true;
    }

    /// <summary>Ends what a locker that was killed left behind: its words would cover the desktop of whoever comes back.</summary>
    public static void EndModules(XrdpSession session)
    {
        var display = string.Create(CultureInfo.InvariantCulture, $"DISPLAY=:{session.Display}");
        foreach (var process in ProcTable.ReadAll())
        {
            if (ProcTable.Uid(process.Pid) != session.User.Uid) continue;
            var environment = ProcTable.Environment(process.Pid);
            if (environment.Contains(Saver) && environment.Contains(display)) Signals.KillNow(process.Pid);
        }
    }

    private static void Kill(Process process)
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
    }
}
