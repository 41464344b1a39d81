using System.Globalization;
using System.Text;

namespace Montalegre.Vdi.RdpWorker.Channels.Drive;

/// <summary>What names files may have on the drive and when they leave it.</summary>
internal static class FileNames
{
    private const int Longest = 255;
    private const string Forbidden = "\\/:*?\"<>|";
    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(1, 9).SelectMany(i => new[] { $"COM{i}", $"LPT{i}" })], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a machine may call a file so; Linux takes more names than Windows.</summary>
    public static bool IsAllowed(string name) =>
        name.Length is > 0 and <= Longest && name is not ("." or "..") && name.All(c => c >= ' ' && c is not ('\\' or '/' or '*' or '?')) && !IsStream(name);

    /// <summary>A name that both systems take, as close to the wanted one as can be.</summary>
    /// <param name="otherwise">What a file is called of whose name nothing is left.</param>
    public static string Clean(string wanted, string otherwise)
    {
        var kept = new StringBuilder();
        foreach (var c in wanted)
            if (!IsHidden(c)) kept.Append(IsPlain(c) ? c : '_');
        // Windows drops dots and spaces at the end by itself, and then finds another file.
        var name = kept.ToString().Trim().TrimEnd('.', ' ');
        if (name.Length > Longest) name = Shorten(name);
        if (name.Length == 0 || name.All(c => c is '.' or '_')) name = otherwise;
        return Devices.Contains(name.Split('.')[0]) ? $"_{name}" : name;
    }

    /// <summary>The name with a number before its extension.</summary>
    public static string Numbered(string name, int number)
    {
        var dot = name.LastIndexOf('.');
        var (stem, extension) = dot > 0 ? (name[..dot], name[dot..]) : (name, "");
        var mark = $" ({number.ToString(CultureInfo.InvariantCulture)})";
        return stem[..Math.Min(stem.Length, Math.Max(1, Longest - extension.Length - mark.Length))] + mark + extension;
    }

    /// <summary>Programs write beside a file first and rename it when it is whole; and they leave marks.</summary>
    public static bool IsTemporary(string name) =>
        name[0] is '.' or '~' || name.EndsWith(".tmp", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".part", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(".crdownload", StringComparison.OrdinalIgnoreCase);

    // Windows keeps marks beside a file's content under such names; they are no files.
    private static bool IsStream(string name) =>
        name.Contains(":$", StringComparison.Ordinal) || name.EndsWith(":Zone.Identifier", StringComparison.OrdinalIgnoreCase);

    private static string Shorten(string name)
    {
        var dot = name.LastIndexOf('.');
        var extension = dot > 0 && name.Length - dot <= 16 ? name[dot..] : "";
        return name[..(Longest - extension.Length)] + extension;
    }

    private static bool IsPlain(char c) => c >= ' ' && c != 0x7F && !Forbidden.Contains(c, StringComparison.Ordinal);

    // Marks that turn the direction of writing make "exe.pdf" out of "fdp.exe"; nobody sees the others.
    private static bool IsHidden(char c) => c is >= '\u200B' and <= '\u200F' or >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\uFEFF';
}
