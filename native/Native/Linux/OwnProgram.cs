using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Linux;

/// <summary>This process as a program.</summary>
public static class OwnProgram
{
    /// <summary>Begins from the beginning under the same process id, with nothing of what is in memory; returns only by failing.</summary>
    /// <exception cref="Win32Exception">The kernel does not run it.</exception>
    public static void BeginAnew(IReadOnlyList<string> arguments)
    {
        var path = Environment.ProcessPath ?? throw new InvalidOperationException("The program does not know where it lies.");
        Libc.Execute(path, [path, .. arguments, null]);
        throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Writes out what the file systems hold in memory.</summary>
    public static void WriteOut() => Libc.Sync();
}
