using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Montalegre.Vdi.Native.Windows;

/// <summary>
/// Says when any session of the computer changed. WTSRegisterSessionNotification speaks to a window only, so a thread
/// keeps a message-only one; that works in session 0 as well, where services live.
/// </summary>
[SupportedOSPlatform("windows")]
public sealed partial class SessionNotifications : IDisposable
{
    private const uint SessionChange = 0x02B1;      // WM_WTSSESSION_CHANGE
    private const uint Close = 0x0010;              // WM_CLOSE
    private const uint Destroy = 0x0002;            // WM_DESTROY
    private const nint MessageOnly = -3;            // HWND_MESSAGE
    private static Action? s_changed;

    private readonly Thread _thread;
    private readonly ManualResetEventSlim _started = new();
    private Exception? _failure;
    private nint _window;

    /// <summary>Starts to listen; one listener in a process.</summary>
    public SessionNotifications(Action changed)
    {
        if (Interlocked.CompareExchange(ref s_changed, changed, null) is not null) throw new InvalidOperationException("Session notifications are listened to already.");
        _thread = new Thread(Pump) { IsBackground = true, Name = "sessions" };
        _thread.Start();
        _started.Wait();
        if (_failure is null) return;
        s_changed = null;
        throw _failure;
    }

    /// <summary>Stops listening.</summary>
    public void Dispose()
    {
        PostMessage(_window, Close, 0, 0);
        _thread.Join();
        s_changed = null;
        _started.Dispose();
    }

    private unsafe void Pump()
    {
        const string Class = "MontalegreSessions";
        try
        {
            fixed (char* name = Class)
            {
                var description = new WindowClass { Size = (uint)sizeof(WindowClass), Procedure = &OnMessage, ClassName = name };
                if (RegisterClass(&description) == 0) throw new Win32Exception();
            }
            _window = CreateWindow(0, Class, "", 0, 0, 0, 0, 0, MessageOnly, 0, 0, 0);
            if (_window == 0 || !WtsApi.RegisterSessionNotification(_window, WtsApi.NotifyForAllSessions)) throw new Win32Exception();
        }
        catch (Exception e)
        {
            _failure = e;
            return;
        }
        finally
        {
            _started.Set();
        }

        while (GetMessage(out var message, 0, 0, 0) > 0) DispatchMessage(in message);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvStdcall)])]
    private static nint OnMessage(nint window, uint message, nint wide, nint @long)
    {
        switch (message)
        {
            case SessionChange:
                s_changed?.Invoke();
                return 0;
            case Destroy:
                WtsApi.UnregisterSessionNotification(window);
                PostQuitMessage(0);
                return 0;
            default:
                return DefaultProcedure(window, message, wide, @long);
        }
    }

    [LibraryImport("user32.dll", EntryPoint = "RegisterClassExW", SetLastError = true)]
    private static unsafe partial ushort RegisterClass(WindowClass* description);

    [LibraryImport("user32.dll", EntryPoint = "CreateWindowExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial nint CreateWindow(uint extended, string className, string title, uint style, int x, int y, int width, int height, nint parent, nint menu, nint instance, nint parameter);

    [LibraryImport("user32.dll", EntryPoint = "GetMessageW", SetLastError = true)]
    private static partial int GetMessage(out Message message, nint window, uint first, uint last);

    [LibraryImport("user32.dll", EntryPoint = "DispatchMessageW")]
    private static partial nint DispatchMessage(in Message message);

    [LibraryImport("user32.dll", EntryPoint = "PostMessageW", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool PostMessage(nint window, uint message, nint wide, nint @long);

    [LibraryImport("user32.dll", EntryPoint = "PostQuitMessage")]
    private static partial void PostQuitMessage(int exitCode);

    [LibraryImport("user32.dll", EntryPoint = "DefWindowProcW")]
    private static partial nint DefaultProcedure(nint window, uint message, nint wide, nint @long);

    /// <summary>WNDCLASSEXW.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct WindowClass
    {
        public uint Size;
        public uint Style;
        public delegate* unmanaged[Stdcall]<nint, uint, nint, nint, nint> Procedure;
        public int ClassExtra;
        public int WindowExtra;
        public nint Instance;
        public nint Icon;
        public nint Cursor;
        public nint Background;
        public char* MenuName;
        public char* ClassName;
        public nint SmallIcon;
    }

    /// <summary>MSG.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public nint Window;
        public uint Number;
        public nint Wide;
        public nint Long;
        public uint Time;
        public int X;
        public int Y;
        public uint Private;
    }
}
