using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Montalegre.Vdi.Native.Posix;

/// <summary>Names in a directory that survive a power cut; .NET can flush files only.</summary>
[SupportedOSPlatform("linux")]
public static partial class DurableDirectory
{
    private const int DirectoryOnly = 0x10000, CloseOnExec = 0x80000;

    /// <summary>Returns when the directory's entries are on the disk: fsync(2) on the directory itself.</summary>
    /// <exception cref="IOException">The directory is not there, or the disk refused.</exception>
    public static void Flush(string path)
    {
        using var directory = Open(path, DirectoryOnly | CloseOnExec);
        if (directory.IsInvalid || Synchronize(directory) != 0)
            throw new IOException($"The directory {path} could not be written to the disk: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(SafeFileHandle descriptor);
}
