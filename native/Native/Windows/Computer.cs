using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Montalegre.Vdi.Native.Windows;

/// <summary>The computer as a whole: firmware tables, load, restart.</summary>
[SupportedOSPlatform("windows")]
public static partial class Computer
{
    private const uint RawSmbios = 0x52534D42;              // 'RSMB'
    private const uint AdjustPrivileges = 0x0020;
    private const uint Enabled = 0x0002;
    private const uint PlannedMaintenance = 0x80000001;     // planned, other issue, maintenance

    /// <summary>The raw SMBIOS table without the eight bytes that Windows puts before it.</summary>
    public static byte[] SmbiosTable()
    {
        var needed = FirmwareTable(RawSmbios, 0, [], 0);
        var table = new byte[needed];
        var read = FirmwareTable(RawSmbios, 0, table, needed);
        return read is > 8 && read <= needed ? table[8..(int)read] : [];
    }

    /// <summary>Processor time since start in 100 ns: idle, and all (kernel time counts idle in).</summary>
    public static (long Idle, long All) ProcessorTimes() =>
        SystemTimes(out var idle, out var kernel, out var user) ? (idle, kernel + user) : throw new Win32Exception();

    /// <summary>Restarts the computer; forced: without asking programs.</summary>
    public static void Restart(bool force)
    {
        EnablePrivilege("SeShutdownPrivilege");
        if (!InitiateShutdown(null, null, 0, force, restart: true, PlannedMaintenance)) throw new Win32Exception();
    }

    private static void EnablePrivilege(string name)
    {
        const int NotAllAssigned = 1300;
        if (!OpenProcessToken(CurrentProcess(), AdjustPrivileges, out var token)) throw new Win32Exception();
        using (token)
        {
            if (!LookupPrivilege(null, name, out var luid)) throw new Win32Exception();
            var privileges = new Privileges { Count = 1, Luid = luid, Attributes = Enabled };
            // It succeeds even when it granted nothing; only the last error tells.
            var adjusted = AdjustTokenPrivileges(token, false, in privileges, 0, 0, 0);
            var error = Marshal.GetLastPInvokeError();
            if (!adjusted || error == NotAllAssigned) throw new Win32Exception(error);
        }
    }

    [LibraryImport("kernel32.dll", EntryPoint = "GetSystemFirmwareTable", SetLastError = true)]
    private static partial uint FirmwareTable(uint provider, uint table, [Out] byte[] buffer, uint length);

    [LibraryImport("kernel32.dll", EntryPoint = "GetSystemTimes", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SystemTimes(out long idle, out long kernel, out long user);

    [LibraryImport("kernel32.dll", EntryPoint = "GetCurrentProcess")]
    private static partial nint CurrentProcess();

    [LibraryImport("advapi32.dll", EntryPoint = "OpenProcessToken", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool OpenProcessToken(nint process, uint access, out SafeAccessTokenHandle token);

    [LibraryImport("advapi32.dll", EntryPoint = "LookupPrivilegeValueW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool LookupPrivilege(string? system, string name, out long luid);

    [LibraryImport("advapi32.dll", EntryPoint = "AdjustTokenPrivileges", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AdjustTokenPrivileges(SafeAccessTokenHandle token, [MarshalAs(UnmanagedType.Bool)] bool disableAll, in Privileges wanted, uint length, nint before, nint beforeLength);

    [LibraryImport("advapi32.dll", EntryPoint = "InitiateSystemShutdownExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool InitiateShutdown(string? computer, string? message, uint seconds, [MarshalAs(UnmanagedType.Bool)] bool force, [MarshalAs(UnmanagedType.Bool)] bool restart, uint reason);

    /// <summary>TOKEN_PRIVILEGES with room for one; its LUID is two 32-bit halves, hence the packing.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Privileges
    {
        public uint Count;
        public long Luid;
        public uint Attributes;
    }
}
