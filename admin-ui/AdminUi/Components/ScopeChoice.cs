namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>Where a role or a key is good, as the API takes it: one of the three, or none for everything.</summary>
public sealed record ScopeChoice(string PoolId, string GroupId, string SiteId)
{
    private const string Pool = "pool:", People = "people:", Site = "site:";

    public static ScopeChoice Everything { get; } = new("", "", "");

    /// <summary>The choice as a form's value.</summary>
    public string Key => PoolId.Length > 0 ? Pool + PoolId : GroupId.Length > 0 ? People + GroupId : SiteId.Length > 0 ? Site + SiteId : "";

    public static ScopeChoice OfPool(string id) => new(id, "", "");

    public static ScopeChoice OfPeople(string id) => new("", id, "");

    public static ScopeChoice OfSite(string id) => new("", "", id);

    public static ScopeChoice Of(string key) =>
        key.StartsWith(Pool, StringComparison.Ordinal) ? OfPool(key[Pool.Length..])
        : key.StartsWith(People, StringComparison.Ordinal) ? OfPeople(key[People.Length..])
        : key.StartsWith(Site, StringComparison.Ordinal) ? OfSite(key[Site.Length..])
        : Everything;
}
