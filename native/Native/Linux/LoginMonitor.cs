using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Linux;

/// <summary>Says when any logind session changed. One thread waits on it; it does not say what changed.</summary>
public sealed partial class LoginMonitor : IDisposable
{
    private readonly MonitorHandle _handle;

    private LoginMonitor(MonitorHandle handle) => _handle = handle;

    /// <summary>A monitor; null where logind does not run.</summary>
    public static LoginMonitor? TryOpen()
    {
        if (!Logind.IsPresent) return null;
        if (New("session", out var handle) >= 0 && !handle.IsInvalid) return new LoginMonitor(handle);
        handle.Dispose();
        return null;
    }

    /// <summary>Waits for a change. False when the time passed without one.</summary>
    public bool Wait(TimeSpan atMost)
    {
        var poll = new Libc.PollFd { Fd = Fd(_handle), Events = (short)Events(_handle) };
        if (Libc.Poll(ref poll, 1, (int)atMost.TotalMilliseconds) <= 0) return false;
        Flush(_handle);
        return true;
    }

    public void Dispose() => _handle.Dispose();

    [LibraryImport("libsystemd.so.0", EntryPoint = "sd_login_monitor_new", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int New(string category, out MonitorHandle monitor);

    [LibraryImport("libsystemd.so.0", EntryPoint = "sd_login_monitor_get_fd")]
    private static partial int Fd(MonitorHandle monitor);

    [LibraryImport("libsystemd.so.0", EntryPoint = "sd_login_monitor_get_events")]
    private static partial int Events(MonitorHandle monitor);

    [LibraryImport("libsystemd.so.0", EntryPoint = "sd_login_monitor_flush")]
    private static partial int Flush(MonitorHandle monitor);

    [LibraryImport("libsystemd.so.0", EntryPoint = "sd_login_monitor_unref")]
    private static partial nint Unref(nint monitor);

    private sealed class MonitorHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            Unref(handle);
            return true;
        }
    }
}
