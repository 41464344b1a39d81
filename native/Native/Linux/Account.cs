using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Linux;

/// <summary>An account as the name service knows it: local files, LDAP and the rest alike.</summary>
public sealed record Account(string Name, uint Uid, uint Gid, string Home)
{
    private const int LongestEntry = 64 * 1024;

    /// <summary>The account of that name; null when there is none.</summary>
    public static unsafe Account? Find(string name)
    {
        Libc.PasswordEntry entry;
        var buffer = new byte[LongestEntry];
        fixed (byte* b = buffer)
        {
            var error = Libc.GetPasswordEntry(name, &entry, b, LongestEntry, out var result);
            return Made(error, result, in entry);
        }
    }

    /// <summary>The account with that user id; null when there is none.</summary>
    public static unsafe Account? Find(uint uid)
    {
        Libc.PasswordEntry entry;
        var buffer = new byte[LongestEntry];
        fixed (byte* b = buffer)
        {
            var error = Libc.GetPasswordEntry(uid, &entry, b, LongestEntry, out var result);
            return Made(error, result, in entry);
        }
    }

    // Some name services answer "not found" as an error of theirs: an account that is not given does not exist.
    private static Account? Made(int error, nint result, in Libc.PasswordEntry entry) =>
        error != 0 || result == 0 ? null : new Account(Text(entry.Name), entry.Uid, entry.Gid, Text(entry.Home));

    private static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? "";
}
