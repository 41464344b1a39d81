using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Tls.Polling;

/// <summary>The C library's polling and socket calls, as they are.</summary>
internal static unsafe partial class LinuxApi
{
    private const string Library = "libc";

    public const int CloseOnExec = 0x80000;                 // EPOLL_CLOEXEC, EFD_CLOEXEC
    public const int NonBlocking = 0x800;                   // EFD_NONBLOCK
    public const int Add = 1;                               // EPOLL_CTL_*
    public const int Delete = 2;
    public const uint In = 0x1;                             // EPOLL*
    public const uint Out = 0x4;
    public const uint Error = 0x8;
    public const uint HangUp = 0x10;
    public const uint PeerClosed = 0x2000;                  // EPOLLRDHUP
    public const uint EdgeTriggered = 1u << 31;
    public const int Peek = 0x2;                            // MSG_*
    public const int NoSignal = 0x4000;
    public const int More = 0x8000;
    public const int Interrupted = 4;                       // errno
    public const int TryAgain = 11;
    public const int InProgress = 115;

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* pollEvent);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, SafeHandle descriptor, byte* pollEvent);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(SafeHandle socket, byte* address, int length);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(SafeHandle socket, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeHandle socket, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, byte* buffer, nuint length, int flags);

    public static IOException Failure(string what, int errno) => new($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}.");
}
