namespace Montalegre.Vdi.Native.Linux;

/// <summary>Signals to processes that the managed library cannot send.</summary>
public static class Signals
{
    private const int Kill = 9;
    private const int Term = 15;

    /// <summary>Asks a process to end. False when it is gone already.</summary>
    public static bool Terminate(int pid) => pid > 1 && Libc.Kill(pid, Term) == 0;

    /// <summary>Ends a process at once. False when it is gone already.</summary>
    public static bool KillNow(int pid) => pid > 1 && Libc.Kill(pid, Kill) == 0;
}
