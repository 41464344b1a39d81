using System.Text;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>The strings of one raw SMBIOS structure: after its formatted part, each ended by a zero, the last by two.</summary>
internal static class SmbiosStrings
{
    private const byte OemStrings = 11;
    private const int MostStrings = 64;

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
}
