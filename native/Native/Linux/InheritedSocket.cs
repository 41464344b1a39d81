using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Montalegre.Vdi.Native.Linux;

/// <summary>A connected socket that this process was started with; plain blocking reads and writes, for one reader and one writer.</summary>
public sealed unsafe partial class InheritedSocket(int descriptor) : IDisposable
{
    private const int Interrupted = 4;
    private readonly SafeFileHandle _handle = new(descriptor, ownsHandle: true);

    /// <summary>Fills the whole buffer; false when the peer has gone before.</summary>
    public bool Fill(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            nint read;
            fixed (byte* start = buffer) read = Read(_handle, start, (nuint)buffer.Length);
            if (read == 0 || (read < 0 && !IsInterrupted)) return false;
            if (read > 0) buffer = buffer[(int)read..];
        }
        return true;
    }

    /// <summary>Writes everything; false when the peer has gone.</summary>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* start = bytes) written = Send(_handle, start, (nuint)bytes.Length, NoSignal);
            if (written < 0 && !IsInterrupted) return false;
            if (written > 0) bytes = bytes[(int)written..];
        }
        return true;
    }

    public void Dispose() => _handle.Dispose();

    private const int NoSignal = 0x4000;

    private static bool IsInterrupted => Marshal.GetLastPInvokeError() == Interrupted;

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle socket, byte* to, nuint length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeFileHandle socket, byte* from, nuint length, int flags);
}
