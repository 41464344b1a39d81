using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Montalegre.Vdi.Native.Posix;

/// <summary>Network namespaces of this computer, as <c>ip netns</c> names them.</summary>
[SupportedOSPlatform("linux")]
public static partial class NetworkNamespace
{
    private const int CloseOnExec = 0x80000, NewNetwork = 0x40000000;

    /// <summary>
    /// What <paramref name="make"/> answers, made inside the namespace: a socket belongs for ever to the namespace that it was
    /// made in, whichever thread uses it later. Runs on a thread of its own, because a thread does not come back.
    /// </summary>
    /// <exception cref="Win32Exception">There is no such namespace, or the caller is not root.</exception>
    public static T Inside<T>(string name, Func<T> make)
    {
        T made = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var space = Open($"/run/netns/{name}", CloseOnExec);
                if (space.IsInvalid || SetNamespace(space, NewNetwork) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
                made = make();
            }
            catch (Exception e) { failure = e; }
        });
        thread.Start();
        thread.Join();
        return failure is null ? made : throw failure;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle descriptor, int kind);
}
