using System.Text;

namespace Montalegre.Vdi.Agent.Joining;

/// <summary>
/// Reads SMBIOS structures: a formatted part of a stated length, then strings, each ended by a zero, the last by two.
/// Both systems hand out the whole table.
/// </summary>
internal static class SmbiosStrings
{
    private const byte SystemInformation = 1;
    private const byte OemStrings = 11;
    private const int MostStrings = 64;

    /// <summary>The strings of one OEM strings structure; none when it is another kind or damaged.</summary>
    public static IReadOnlyList<string> ReadOemStrings(ReadOnlySpan<byte> structure)
    {
        if (structure.Length < 5 || structure[0] != OemStrings || structure[1] < 5 || structure[1] > structure.Length) return [];
        var strings = new List<string>();
        for (var rest = structure[structure[1]..]; rest.Length > 0 && strings.Count < MostStrings;)
        {
            var end = rest.IndexOf((byte)0);
            if (end <= 0) break;
            strings.Add(Encoding.Latin1.GetString(rest[..end]));
            rest = rest[(end + 1)..];
        }
        return strings;
    }

    /// <summary>The OEM strings of a whole table.</summary>
    public static IReadOnlyList<string> AllOemStrings(ReadOnlySpan<byte> table)
    {
        var strings = new List<string>();
        while (TryTake(ref table, out var structure)) strings.AddRange(ReadOemStrings(structure));
        return strings;
    }

    /// <summary>The system UUID of a whole table, lower case with hyphens; empty when it has none.</summary>
    public static string SystemUuid(ReadOnlySpan<byte> table)
    {
        const int Offset = 8;
        while (TryTake(ref table, out var structure))
        {
            // Since SMBIOS 2.6 the first three fields are little-endian, as Guid reads them.
            if (structure[0] == SystemInformation && structure[1] >= Offset + 16) return new Guid(structure.Slice(Offset, 16)).ToString("D");
        }
        return "";
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> table, out ReadOnlySpan<byte> structure)
    {
        structure = default;
        if (table.Length < 4 || table[1] < 4 || table[1] > table.Length) return false;
        var end = table[table[1]..].IndexOf((ReadOnlySpan<byte>)[0, 0]);
        if (end < 0) return false;
        var length = table[1] + end + 2;
        structure = table[..length];
        table = table[length..];
        return true;
    }
}
