using System.Text;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Search filters (RFC 4515) with values that came from outside.</summary>
internal static class DirectoryFilter
{
    /// <summary>(attribute=value), whatever the value holds.</summary>
    public static string Equal(string attribute, string value) => $"({attribute}={Escape(value)})";

    /// <summary>(attribute=value) for bytes.</summary>
    public static string Equal(string attribute, byte[] value) => $"({attribute}={string.Concat(value.Select(b => $"\\{b:x2}"))})";

    public static string And(string first, string second) => $"(&{first}{second})";

    public static string Or(IEnumerable<string> filters) => $"(|{string.Concat(filters)})";

    private static string Escape(string value)
    {
        var escaped = new StringBuilder(value.Length);
        foreach (var letter in value)
        {
            if (letter is '\\' or '*' or '(' or ')' or '\0') escaped.Append('\\').Append(((int)letter).ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
            else escaped.Append(letter);
        }
        return escaped.ToString();
    }
}
