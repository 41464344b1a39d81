using System.Collections.Frozen;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Montalegre.Vdi.Broker.OpenApi;

/// <summary>
/// What the comments of the contracts say about services, methods, messages and fields. The compiled descriptors carry no
/// comments, so the .proto files ride along and are read line by line.
/// </summary>
internal static partial class ProtoComments
{
    private static readonly FrozenDictionary<string, string> Found = Read();

    /// <param name="fullName">For example montalegre.vdi.admin.v1.Pools.List.</param>
    public static string? Of(string fullName) => Found.GetValueOrDefault(fullName);

    private static FrozenDictionary<string, string> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".proto", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            ReadFile(reader.ReadToEnd().Split('\n'), found);
        }
        return found.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static void ReadFile(string[] lines, Dictionary<string, string> found)
    {
        string package = "", holder = "";
        var above = new List<string>();
        foreach (var line in lines.Select(line => line.Trim()))
        {
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                above.Add(line.TrimStart('/', ' '));
                continue;
            }
            if (PackageLine().Match(line) is { Success: true } p) package = p.Groups[1].Value;
            else if (HolderLine().Match(line) is { Success: true } h) Keep(holder = $"{package}.{h.Groups[1].Value}", above, "");
            else if (MemberLine().Match(line) is { Success: true } m) Keep($"{holder}.{m.Groups[1].Value}{m.Groups[2].Value}", above, m.Groups[3].Value);
            above.Clear();
        }

        void Keep(string name, List<string> before, string behind)
        {
            var text = string.Join(' ', before.Append(behind.Trim()).Where(part => part.Length > 0));
            if (text.Length > 0) found[name] = text;
        }
    }

    [GeneratedRegex(@"^package ([\w.]+);")]
    private static partial Regex PackageLine();

    [GeneratedRegex(@"^(?:service|message|enum) (\w+)")]
    private static partial Regex HolderLine();

    [GeneratedRegex(@"^(?:rpc (\w+)|(?:repeated |optional )?[\w.<>, ]*?(\w+) = \d+;)[^/]*(?://\s*(.*))?$")]
    private static partial Regex MemberLine();
}
