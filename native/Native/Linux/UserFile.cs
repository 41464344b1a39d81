using Microsoft.Win32.SafeHandles;

namespace Montalegre.Vdi.Native.Linux;

/// <summary>Reads a small file that belongs to a user, as root, without being led astray by a link or held up by a pipe.</summary>
public static class UserFile
{
    /// <summary>The file's bytes; null when it is missing, not a regular file, or longer than <paramref name="most"/>.</summary>
    public static byte[]? Read(string path, int most)
    {
        using SafeFileHandle handle = Libc.Open(path, Libc.ReadOnly | Libc.NoFollow | Libc.NonBlocking | Libc.CloseOnExec);
        if (handle.IsInvalid) return null;
        try
        {
            // Anything but a regular file has no length and throws, or reads as empty at once: a pipe cannot hold us up.
            var length = RandomAccess.GetLength(handle);
            if (length > most) return null;
            var bytes = new byte[length];
            var read = RandomAccess.Read(handle, bytes, 0);
            return bytes[..read];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }
}
