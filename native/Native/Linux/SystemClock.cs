using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Linux;

/// <summary>The clock of the operating system, to be set by root only.</summary>
public static class SystemClock
{
    private const int RealTime = 0;
    private const long NanosecondsPerTick = 100;

    /// <summary>Sets it.</summary>
    /// <exception cref="Win32Exception">The caller may not.</exception>
    public static void Set(DateTimeOffset now)
    {
        var sinceEpoch = (now - DateTimeOffset.UnixEpoch).Ticks;
        var at = new Libc.TimeSpec { Seconds = sinceEpoch / TimeSpan.TicksPerSecond, Nanoseconds = sinceEpoch % TimeSpan.TicksPerSecond * NanosecondsPerTick };
        if (Libc.SetClock(RealTime, in at) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }
}
