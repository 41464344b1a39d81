using System.Globalization;
using Montalegre.Vdi.Native.Posix;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>
/// Backends that outlive a killed postmaster. Idle ones notice at once, busy ones finish their statement first; while one of
/// them holds the old shared memory a new server refuses to start, which would cost a whole step of the back-off.
/// </summary>
internal sealed class LeftBackends(string data, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan BeforeQuit = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>Waits until the old server's shared memory is free; tells who holds it after a moment to quit, as pg_ctl does.</summary>
    /// <returns>False when somebody still holds it: the server says so itself.</returns>
    public async Task<bool> WaitUntilGoneAsync(CancellationToken ct)
    {
        if (Segment() is not { } segment) return true;
        var since = time.GetTimestamp();
        var told = false;
        while (IsHeld(segment))
        {
            if (time.GetElapsedTime(since) > Longest) return false;
            if (!told && time.GetElapsedTime(since) > BeforeQuit)
            {
                told = true;
                foreach (var holder in Holders(segment)) Processes.Send(holder, Signal.Quit);
            }
            await Task.Delay(Poll, time, ct);
        }
        return true;
    }

    // Line 7 of postmaster.pid: key and id of the small System V segment that every backend attaches.
    private string? Segment()
    {
        try
        {
            return File.ReadLines(Path.Combine(data, "postmaster.pid")).ElementAtOrDefault(6)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var id] ? id : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool IsHeld(string segment)
    {
        try
        {
            return File.ReadLines("/proc/sysvipc/shm").Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Any(f => f.Length > 6 && f[1] == segment && int.Parse(f[6], CultureInfo.InvariantCulture) > 0);
        }
        catch (IOException)
        {
            return false;   // a kernel that does not say: then the server's own check decides
        }
    }

    private static IEnumerable<int> Holders(string segment)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var process) && process != Environment.ProcessId && Holds(process, segment)) yield return process;
        }
    }

    private static bool Holds(int process, string segment)
    {
        try
        {
            return Processes.NameOf(process) is "postgres" && File.ReadLines($"/proc/{process}/maps")
                .Any(l => l.Contains("/SYSV", StringComparison.Ordinal) && l.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, _, var inode, ..] && inode == segment);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;   // ended meanwhile, or not ours
        }
    }
}
