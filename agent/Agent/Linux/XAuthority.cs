using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>Finds a display's cookie in an .Xauthority file: big-endian records of family, address, number, name, data.</summary>
internal static class XAuthority
{
    public const string CookieName = "MIT-MAGIC-COOKIE-1";

    /// <summary>The last cookie for the display; null when the file has none or is damaged before it.</summary>
    public static byte[]? Cookie(ReadOnlySpan<byte> file, int display)
    {
        var number = Encoding.ASCII.GetBytes(display.ToString(CultureInfo.InvariantCulture));
        byte[]? cookie = null;
        for (var rest = file; rest.Length >= 2;)
        {
            rest = rest[2..];
            if (!TryTake(ref rest, out _) || !TryTake(ref rest, out var forDisplay) || !TryTake(ref rest, out var name) || !TryTake(ref rest, out var data)) break;
            if (forDisplay.SequenceEqual(number) && name.SequenceEqual("MIT-MAGIC-COOKIE-1"u8)) cookie = data.ToArray();
        }
        return cookie;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (rest.Length < 2) return false;
        var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length < 2 + length) return false;
        taken = rest.Slice(2, length);
        rest = rest[(2 + length)..];
        return true;
    }
}
