namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Where one grant, or one key, is good: a pool, the people of a group, a site or some endpoints, the others being null. All null: everything.</summary>
internal sealed record GrantScope(Guid? Pool, Guid? People, Guid? Site = null, Guid? Ends = null)
{
    public static GrantScope Everything { get; } = new(null, null);

    /// <summary>More than one is named.</summary>
    public bool IsMixed => (Pool is null ? 0 : 1) + (People is null ? 0 : 1) + (Site is null ? 0 : 1) + (Ends is null ? 0 : 1) > 1;

    /// <summary>Of a site, without the pools that are there now.</summary>
    public PoolScope Reach => Pool is { } pool ? new([pool]) : People is { } group ? PoolScope.People(group) : Site is { } site ? PoolScope.Site(site) : Ends is { } ends ? PoolScope.Endpoints(ends) : PoolScope.Everything;
}
