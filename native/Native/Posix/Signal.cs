using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Montalegre.Vdi.Native.Posix;

/// <summary>Signals that we send; numbers of Linux.</summary>
public enum Signal
{
    /// <summary>No signal: asks only whether the process is there.</summary>
    None = 0,

    /// <summary>Interrupt: PostgreSQL's fast shutdown.</summary>
    Interrupt = 2,

    /// <summary>Quit: PostgreSQL's immediate shutdown.</summary>
    Quit = 3,

    /// <summary>Terminate.</summary>
    Terminate = 15,
}

/// <summary>Processes as the kernel knows them, ours or not.</summary>
[SupportedOSPlatform("linux")]
public static partial class Processes
{
    /// <summary>Sends a signal; false when there is no such process or it is not ours to signal.</summary>
    public static bool Send(int processId, Signal signal) => processId > 1 && Kill(processId, (int)signal) == 0;

    /// <summary>True while the process runs. A zombie, which waits only to be collected, does not.</summary>
    public static bool IsRunning(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return stat[stat.LastIndexOf(')')..] is not [')', ' ', 'Z' or 'X', ..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The kernel's short name of a process; null when there is none.</summary>
    public static string? NameOf(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/comm").TrimEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
