using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>How the fields of a request are called that say where a grant or a key is good.</summary>
internal sealed record ScopeFields(string Pool, string People, string Site, string Ends)
{
    public static ScopeFields OfGrant { get; } = new("scope_pool_id", "scope_group_id", "scope_site_id", "scope_endpoint_group_id");

    public static ScopeFields OfKey { get; } = new("pool_id", "scope_group_id", "site_id", "scope_endpoint_group_id");

    /// <summary>At most one is not empty; refuses more, and what is no identifier.</summary>
    public GrantScope Read(string pool, string people, string site, string ends)
    {
        var where = new GrantScope(Ids.ParseOrNone(pool, Pool), Ids.ParseOrNone(people, People), Ids.ParseOrNone(site, Site), Ids.ParseOrNone(ends, Ends));
        if (!where.IsMixed) return where;
        throw Refusal.Refused(RefusalReason.InvalidField, $"{(where.Ends is not null ? Ends : where.Site is null ? People : Site)}: one of a pool, a site, endpoints and the people of a group");
    }

    /// <summary>The one that says it; null: everything.</summary>
    public string? Of(GrantScope where) => where switch
    {
        { Pool: not null } => Pool,
        { People: not null } => People,
        { Site: not null } => Site,
        { Ends: not null } => Ends,
        _ => null,
    };
}
