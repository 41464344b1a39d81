using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Montalegre.Vdi.Native.Linux;

internal static partial class Libc
{
    public const int ReadOnly = 0;
    public const int NoFollow = 0x20000;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const short PollIn = 1;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(ref PollFd fds, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int GetPasswordEntry(string name, PasswordEntry* entry, byte* buffer, nuint length, out nint result);

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    public static unsafe partial int GetPasswordEntry(uint uid, PasswordEntry* entry, byte* buffer, nuint length, out nint result);

    [LibraryImport("libc", EntryPoint = "clock_settime", SetLastError = true)]
    public static partial int SetClock(int clock, in TimeSpec at);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Execute(string path, string?[] arguments);

    [LibraryImport("libc", EntryPoint = "sync")]
    public static partial void Sync();

    [LibraryImport("libc", EntryPoint = "free")]
    public static partial void Free(nint memory);

    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        public int Fd;
        public short Events;
        public short Received;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PasswordEntry
    {
        public nint Name;
        public nint Password;
        public uint Uid;
        public uint Gid;
        public nint Gecos;
        public nint Home;
        public nint Shell;
    }
}
