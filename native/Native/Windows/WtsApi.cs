using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Montalegre.Vdi.Native.Windows;

[SupportedOSPlatform("windows")]
internal static partial class WtsApi
{
    public const int ClassSessionInfo = 24;        // WTSSessionInfo
    public const uint NotifyForAllSessions = 1;
    private const string Library = "wtsapi32.dll";

    [LibraryImport(Library, EntryPoint = "WTSEnumerateSessionsW", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool EnumerateSessions(nint server, uint reserved, uint version, out nint sessions, out uint count);

    [LibraryImport(Library, EntryPoint = "WTSQuerySessionInformationW", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool QuerySessionInformation(nint server, uint session, int infoClass, out nint buffer, out uint length);

    [LibraryImport(Library, EntryPoint = "WTSFreeMemory")]
    public static partial void FreeMemory(nint memory);

    [LibraryImport(Library, EntryPoint = "WTSLogoffSession", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool LogoffSession(nint server, uint session, [MarshalAs(UnmanagedType.Bool)] bool wait);

    [LibraryImport(Library, EntryPoint = "WTSDisconnectSession", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool DisconnectSession(nint server, uint session, [MarshalAs(UnmanagedType.Bool)] bool wait);

    [LibraryImport(Library, EntryPoint = "WTSSendMessageW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool SendMessage(nint server, uint session, string title, uint titleBytes, string text, uint textBytes, uint style, uint timeout, out uint response, [MarshalAs(UnmanagedType.Bool)] bool wait);

    [LibraryImport(Library, EntryPoint = "WTSRegisterSessionNotification", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool RegisterSessionNotification(nint window, uint flags);

    [LibraryImport(Library, EntryPoint = "WTSUnRegisterSessionNotification", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool UnregisterSessionNotification(nint window);

    /// <summary>WTS_SESSION_INFOW.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SessionInfo
    {
        public uint SessionId;
        public nint WinStationName;
        public int State;
    }

    /// <summary>WTSINFOW: names have fixed room, times are file times in UTC.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Info
    {
        public int State;
        public uint SessionId;
        public fixed uint Counters[6];
        public fixed char WinStationName[32];
        public fixed char Domain[17];
        public fixed char UserName[21];
        public long ConnectTime;
        public long DisconnectTime;
        public long LastInputTime;
        public long LogonTime;
        public long CurrentTime;
    }
}
