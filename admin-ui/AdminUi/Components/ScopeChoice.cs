namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>Where a role or a key is good, as the API takes it: one of the four, or none for everything.</summary>
public sealed record ScopeChoice(string PoolId = "", string GroupId = "", string SiteId = "", string EndpointGroupId = "")
{
    private const string Pool = "pool:", People = "people:", Site = "site:", Endpoints = "endpoints:";

    public static ScopeChoice Everything { get; } = new();

    /// <summary>The choice as a form's value.</summary>
    public string Key => PoolId.Length > 0 ? Pool + PoolId : GroupId.Length > 0 ? People + GroupId : SiteId.Length > 0 ? Site + SiteId : EndpointGroupId.Length > 0 ? Endpoints + EndpointGroupId : "";

    public static ScopeChoice OfPool(string id) => new(PoolId: id);

    public static ScopeChoice OfPeople(string id) => new(GroupId: id);

    public static ScopeChoice OfSite(string id) => new(SiteId: id);

    public static ScopeChoice OfEndpoints(string id) => new(EndpointGroupId: id);

    public static ScopeChoice Of(string key) =>
        key.StartsWith(Pool, StringComparison.Ordinal) ? OfPool(key[Pool.Length..])
        : key.StartsWith(People, StringComparison.Ordinal) ? OfPeople(key[People.Length..])
        : key.StartsWith(Site, StringComparison.Ordinal) ? OfSite(key[Site.Length..])
        : key.StartsWith(Endpoints, StringComparison.Ordinal) ? OfEndpoints(key[Endpoints.Length..])
        : Everything;
}
