namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Groups in groups, made flat: who is in a group by whatever way. Circles end where they began.</summary>
internal sealed class MemberTree
{
    private readonly Dictionary<string, List<string>> _parents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DirectoryGroup> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _numbers = new(StringComparer.Ordinal);

    public MemberTree(IReadOnlyCollection<DirectoryGroup> groups)
    {
        foreach (var group in groups)
        {
            var key = Key(group.Dn);
            _groups[key] = group;
            if (group.Number.Length > 0) _numbers[group.Number] = key;
            foreach (var member in group.Members) Of(Key(member)).Add(key);
            Of(key).AddRange(group.Parents.Select(Key));
        }
    }

    /// <summary>Identifiers of the groups that somebody is in.</summary>
    public IReadOnlyCollection<string> GroupsOf(DirectoryPerson person)
    {
        var (seen, open) = (new HashSet<string>(StringComparer.Ordinal), new Stack<string>());
        foreach (var start in new[] { Key(person.Dn), Key(person.Name) }.SelectMany(key => _parents.GetValueOrDefault(key) ?? []).Concat(person.Parents.Select(Key))) open.Push(start);
        if (_numbers.TryGetValue(person.PrimaryGroup, out var primary)) open.Push(primary);
        while (open.TryPop(out var key))
            if (_groups.ContainsKey(key) && seen.Add(key))
                foreach (var parent in _parents.GetValueOrDefault(key) ?? []) open.Push(parent);
        return [.. seen.Select(key => _groups[key].Id)];
    }

    private List<string> Of(string key) => _parents.TryGetValue(key, out var parents) ? parents : _parents[key] = [];

    // Compared without regard to case and to blanks after the commas, which is how servers differ from their own members.
    private static string Key(string dn) => dn.Replace(", ", ",", StringComparison.Ordinal).ToLowerInvariant();
}
