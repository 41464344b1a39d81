using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>Starts libvirt in this process once: quiet errors, and one thread that turns its event loop for every connection.</summary>
internal static unsafe class LibvirtEventLoop
{
    private static readonly Lock Gate = new();
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
            new Thread(Run) { IsBackground = true, Name = "libvirt events" }.Start();
            _running = true;
        }
    }

    private static void Run()
    {
        // A failed turn concerns one descriptor; the loop serves all hosts and must go on, but not spin.
        while (true)
            if (LibvirtApi.EventRunDefaultImpl() < 0) Thread.Sleep(50);
    }

    [UnmanagedCallersOnly]
    private static void Ignore(nint userData, nint error)
    {
    }
}
