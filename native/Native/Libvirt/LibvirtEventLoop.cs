using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>Starts libvirt in this process once: quiet errors, and one thread that turns its event loop for every connection.</summary>
internal static unsafe class LibvirtEventLoop
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(50);
    private static readonly Lock Gate = new();
    private static readonly ManualResetEventSlim Ending = new();
    private static bool _running;

    /// <summary>Must come before the first connection: libvirt ties a connection to the loop that exists when it opens.</summary>
    internal static void EnsureRunning()
    {
        lock (Gate)
        {
            if (_running) return;
            try
            {
                LibvirtApi.Initialize().Checked();
            }
            catch (DllNotFoundException e)
            {
                throw new LibvirtMissingException(e);
            }
            // Without this libvirt writes every error to stderr as well; ours become exceptions and are logged once.
            LibvirtApi.SetErrorFunc(0, &Ignore);
            LibvirtApi.EventRegisterDefaultImpl().Checked();
            AppDomain.CurrentDomain.ProcessExit += static (_, _) => Ending.Set();
            new Thread(Run) { IsBackground = true, Name = "libvirt events" }.Start();
            _running = true;
        }
    }

    private static void Run()
    {
        // A failed turn concerns one descriptor; the loop serves all hosts and must go on, but not spin.
        // It ends with the process only: connections come and go, the loop that they are tied to may not.
        while (!Ending.IsSet)
            if (LibvirtApi.EventRunDefaultImpl() < 0) Ending.Wait(PauseAfterFailure);
    }

    [UnmanagedCallersOnly]
    private static void Ignore(nint userData, nint error)
    {
    }
}
