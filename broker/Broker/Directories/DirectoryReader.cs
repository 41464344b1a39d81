using System.Text;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Finds people and groups over a connection that the reading account has signed in on.</summary>
internal sealed class DirectoryReader(DirectorySettings settings, DirectoryConnection connection, TimeSpan patience)
{
    private const int DeepestGroup = 20;
    private const int MostGroups = 2000;                                 // of one person
    private const int NamesInOneFilter = 50;
    private const string MemberInChain = "member:1.2.840.113556.1.4.1941:";     // MS-ADTS 3.1.1.3.4.4.3
    private readonly DirectorySchema _schema = settings.Schema;

    private string[] PersonAttributes => [_schema.Name, _schema.DisplayName, _schema.Id, "memberOf", "gidNumber", .. AccountState.Attributes];

    private string[] GroupAttributes => [_schema.GroupName, _schema.Id, "gidNumber"];

    /// <summary>Null when nobody, or more than one, has the name.</summary>
    /// <param name="name">Without the domain.</param>
    /// <param name="domain">What was typed after @ or before \; null: none.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<DirectoryPerson?> FindAsync(string name, string? domain, CancellationToken ct)
    {
        var byName = DirectoryFilter.Equal(_schema.Name, name);
        if (settings.Kind is DirectoryKind.ActiveDirectory && domain is not null) byName = DirectoryFilter.Or([byName, DirectoryFilter.Equal("userPrincipalName", $"{name}@{domain}")]);
        return await OneAsync(byName, ct);
    }

    public Task<DirectoryPerson?> FindByIdAsync(string id, CancellationToken ct) =>
        OneAsync(settings.Kind is DirectoryKind.ActiveDirectory && Guid.TryParse(id, out var guid) ? DirectoryFilter.Equal(_schema.Id, guid.ToByteArray()) : DirectoryFilter.Equal(_schema.Id, id), ct);

    public async Task<List<DirectoryPerson>> PeopleAsync(CancellationToken ct) =>
        [.. (await connection.SearchAsync(settings.BaseDn, _schema.UserFilter, PersonAttributes, patience, ct)).Select(PersonOf).OfType<DirectoryPerson>()];

    /// <summary>All groups, with their members.</summary>
    public async Task<List<DirectoryGroup>> GroupsAsync(CancellationToken ct)
    {
        // Active Directory shows the first 1,500 members only; there, who is in a group is read from the members' own memberOf.
        string[] attributes = settings.Kind is DirectoryKind.ActiveDirectory ? [.. GroupAttributes, "memberOf"] : [.. GroupAttributes, _schema.Member];
        return [.. (await connection.SearchAsync(settings.BaseDn, _schema.GroupFilter, attributes, patience, ct)).Select(GroupOf).OfType<DirectoryGroup>()];
    }

    /// <summary>The groups that one person is in, by whatever way.</summary>
    public async Task<List<DirectoryGroup>> GroupsOfAsync(DirectoryPerson person, CancellationToken ct)
    {
        if (settings.Kind is DirectoryKind.ActiveDirectory) return await GroupsAsync(DirectoryFilter.Equal(MemberInChain, person.Dn), ct);
        if (settings.Kind is DirectoryKind.Rfc2307)
        {
            var byName = DirectoryFilter.Equal(_schema.Member, person.Name);
            return await GroupsAsync(person.PrimaryGroup is "" ? byName : DirectoryFilter.Or([byName, DirectoryFilter.Equal("gidNumber", person.PrimaryGroup)]), ct);
        }
        var (found, level) = (new Dictionary<string, DirectoryGroup>(StringComparer.Ordinal), new List<string> { person.Dn });
        for (var depth = 0; depth < DeepestGroup && level.Count > 0 && found.Count < MostGroups; depth++)
        {
            var next = new List<string>();
            foreach (var names in level.Chunk(NamesInOneFilter))
                foreach (var group in await GroupsAsync(DirectoryFilter.Or(names.Select(dn => DirectoryFilter.Equal(_schema.Member, dn))), ct))
                    if (found.TryAdd(group.Id, group)) next.Add(group.Dn);
            level = next;
        }
        return [.. found.Values];
    }

    /// <summary>Whether OpenLDAP's policy for an account writes wrong passwords down. False, too, when the reading account sees no policy.</summary>
    public async Task<bool> FailuresAreKeptAsync(AccountState state, CancellationToken ct)
    {
        var policies = await connection.SearchAsync(settings.BaseDn, "(objectClass=pwdPolicy)", ["pwdLockout"], patience, ct);
        // Which one is the default stands in the server's configuration only, so without one of its own all have to.
        var own = policies.Where(policy => state.PolicyDn.Length == 0 || string.Equals(policy.Dn, state.PolicyDn, StringComparison.OrdinalIgnoreCase)).ToList();
        return own.Count > 0 && own.All(policy => policy.Text("pwdLockout") == "TRUE");
    }

    private async Task<List<DirectoryGroup>> GroupsAsync(string filter, CancellationToken ct) =>
        [.. (await connection.SearchAsync(settings.BaseDn, DirectoryFilter.And(_schema.GroupFilter, filter), GroupAttributes, patience, ct)).Select(GroupOf).OfType<DirectoryGroup>()];

    private async Task<DirectoryPerson?> OneAsync(string filter, CancellationToken ct)
    {
        var found = await connection.SearchAsync(settings.BaseDn, DirectoryFilter.And(_schema.UserFilter, filter), PersonAttributes, patience, ct);
        return found is [var entry] ? PersonOf(entry) : null;
    }

    private DirectoryPerson? PersonOf(DirectoryEntry entry) => IdOf(entry) is { } id && entry.Text(_schema.Name) is { Length: > 0 } name
        ? new(id, entry.Dn, name.ToLowerInvariant(), Shown(entry.Text(_schema.DisplayName), name), AccountState.Of(entry), [.. entry.Texts("memberOf")], entry.Text("gidNumber"))
        : null;

    private DirectoryGroup? GroupOf(DirectoryEntry entry) => IdOf(entry) is { } id && entry.Text(_schema.GroupName) is { Length: > 0 } name
        ? new(id, entry.Dn, Shown(name, name), [.. entry.Texts(_schema.Member)], [.. entry.Texts("memberOf")], entry.Text("gidNumber"))
        : null;

    private string? IdOf(DirectoryEntry entry) => entry.Bytes(_schema.Id) switch
    {
        null or [] => null,
        { Length: 16 } guid when settings.Kind is DirectoryKind.ActiveDirectory => new Guid(guid).ToString(),
        var text => Encoding.UTF8.GetString(text),
    };

    private static string Shown(string text, string otherwise)
    {
        var plain = new string([.. text.Where(letter => !char.IsControl(letter))]).Trim();
        return plain.Length == 0 ? otherwise : plain.Length > 200 ? plain[..200] : plain;
    }
}
