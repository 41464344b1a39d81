using System.Collections.Frozen;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>What one administrator may do, and where, as the broker said it last.</summary>
internal sealed class HeldRights(MineResponse said)
{
    private readonly MineResponse _said = said;
    private readonly FrozenDictionary<string, HeldPermission> _held = said.Permissions.ToFrozenDictionary(h => h.Permission, StringComparer.Ordinal);

    public bool May(string permission, string pool) => _held.TryGetValue(permission, out var held) && (held.Everything || (pool.Length > 0 && held.PoolIds.Contains(pool)));

    /// <summary>On something of a person, who may be of a group or at an endpoint: the broker shows only what is theirs, and decides once more.</summary>
    public bool MayOverPeople(string permission) => _held.TryGetValue(permission, out var held) && held.GroupIds.Count + held.EndpointGroupIds.Count > 0;

    public bool MayOverGroup(string permission, string group) => _held.TryGetValue(permission, out var held) && held.GroupIds.Contains(group);

    public bool MayAtSite(string permission, string site) => _held.TryGetValue(permission, out var held) && (held.Everything || held.SiteIds.Contains(site));

    public bool AtSomeSite(string permission) => _held.TryGetValue(permission, out var held) && held.SiteIds.Count > 0;

    public bool MaySomewhere(string permission) => _held.ContainsKey(permission);

    public bool Same(HeldRights other) => _said.Equals(other._said);
}
