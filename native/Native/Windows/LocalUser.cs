using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Montalegre.Vdi.Native.Windows;

/// <summary>Local accounts through netapi32.</summary>
[SupportedOSPlatform("windows")]
public static partial class LocalUser
{
    private const int NotFound = 2221;              // NERR_UserNotFound
    private const int AlreadyMember = 1378;         // ERROR_MEMBER_IN_ALIAS
    private const uint Ordinary = 1;                // USER_PRIV_USER
    private const uint AccountFlags = 0x0001 | 0x0040 | 0x0200 | 0x10000;      // script, cannot change password, normal account, password does not expire

    /// <summary>Sets the account's password. False when there is no such account.</summary>
    public static unsafe bool TrySetPassword(string user, string password)
    {
        fixed (char* p = password)
        {
            var buffer = (nint)p;
            var error = SetInfo(null, user, 1003, &buffer, 0);
            return error switch
            {
                0 => true,
                NotFound => false,
                _ => throw new Win32Exception(error),
            };
        }
    }

    /// <summary>Makes an ordinary account with that password.</summary>
    public static unsafe void Add(string user, string password, string comment)
    {
        fixed (char* u = user, p = password, c = comment)
        {
            var account = new UserInfo { Name = u, Password = p, Privilege = Ordinary, Comment = c, Flags = AccountFlags };
            var error = Add(null, 1, &account, 0);
            if (error != 0) throw new Win32Exception(error);
        }
    }

    /// <summary>Makes the account a member of a local group, by the group's name in the system's language.</summary>
    public static unsafe void AddToGroup(string group, string user)
    {
        fixed (char* u = user)
        {
            var member = (nint)u;
            var error = AddMembers(null, group, 3, &member, 1);
            if (error is not (0 or AlreadyMember)) throw new Win32Exception(error);
        }
    }

    [LibraryImport("netapi32.dll", EntryPoint = "NetUserSetInfo", StringMarshalling = StringMarshalling.Utf16)]
    private static unsafe partial int SetInfo(string? server, string user, uint level, nint* password, nint badParameter);

    [LibraryImport("netapi32.dll", EntryPoint = "NetUserAdd", StringMarshalling = StringMarshalling.Utf16)]
    private static unsafe partial int Add(string? server, uint level, UserInfo* account, nint badParameter);

    [LibraryImport("netapi32.dll", EntryPoint = "NetLocalGroupAddMembers", StringMarshalling = StringMarshalling.Utf16)]
    private static unsafe partial int AddMembers(string? server, string group, uint level, nint* member, uint count);

    /// <summary>USER_INFO_1.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct UserInfo
    {
        public char* Name;
        public char* Password;
        public uint PasswordAge;
        public uint Privilege;
        public char* Home;
        public char* Comment;
        public uint Flags;
        public char* ScriptPath;
    }
}
