using System.Text.RegularExpressions;

namespace Montalegre.Vdi.Architecture.Tests.Rules;

/// <summary>How the broker's slices may use each other.</summary>
public static partial class SliceRules
{
    // Everybody stands on these; they are the ground and not part of the graph's flow.
    private static readonly string[] Ground = ["Hosting", "Storage"];

    /// <summary>Which slice uses which, by the usings and the qualified names in its files.</summary>
    public static IReadOnlyDictionary<string, IReadOnlySet<string>> Edges(SourceTree tree)
    {
        var edges = new Dictionary<string, IReadOnlySet<string>>();
        foreach (var slice in tree.Below("broker/Broker").Where(s => s.Path.Split('/').Length > 3 && s.Path.EndsWith(".cs", StringComparison.Ordinal)).GroupBy(s => s.Path.Split('/')[2]))
            edges[slice.Key] = slice.SelectMany(s => Use().Matches(s.Text)).Select(m => m.Groups[1].Value).Where(u => u != slice.Key && !Ground.Contains(u)).ToHashSet();
        return edges;
    }

    /// <summary>No slice reaches itself through others. The ground does not count: it wires all slices together.</summary>
    public static IEnumerable<string> SlicesHaveNoCycles(SourceTree tree)
    {
        var edges = Edges(tree).Where(e => !Ground.Contains(e.Key)).ToDictionary(e => e.Key, e => e.Value);
        var done = new HashSet<string>();
        foreach (var start in edges.Keys.Order(StringComparer.Ordinal))
            if (Cycle(start, [], edges, done) is { } cycle) yield return string.Join(" -> ", cycle);
    }

    private static List<string>? Cycle(string at, List<string> path, Dictionary<string, IReadOnlySet<string>> edges, HashSet<string> done)
    {
        if (path.IndexOf(at) is >= 0 and var index) return [.. path[index..], at];
        if (done.Contains(at) || !edges.TryGetValue(at, out var next)) return null;
        path.Add(at);
        foreach (var to in next.Order(StringComparer.Ordinal))
            if (Cycle(to, path, edges, done) is { } cycle) return cycle;
        path.RemoveAt(path.Count - 1);
        done.Add(at);
        return null;
    }

    [GeneratedRegex(@"using Montalegre\.Vdi\.Broker\.(\w+);")]
    private static partial Regex Use();
}
