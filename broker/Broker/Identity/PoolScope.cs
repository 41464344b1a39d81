namespace Montalegre.Vdi.Broker.Identity;

/// <summary>On which pools, and what belongs to them, over the people of which groups, over what is used from which endpoints and at which sites somebody holds a permission.</summary>
/// <param name="Pools">Null: on everything, also on what belongs to no pool. For SQL: <c>(@pools::uuid[] is null or pool_id = any(@pools))</c>.</param>
internal sealed record PoolScope(Guid[]? Pools)
{
    /// <summary>For SQL: <c>user_id in (select user_id from group_member where group_id = any(@Groups))</c>. Empty on everything.</summary>
    public Guid[] Groups { get; init; } = [];

    /// <summary>Their pools are in <see cref="Pools"/>; this is for hosts, and the sites themselves. Empty on everything.</summary>
    public Guid[] Sites { get; init; } = [];

    /// <summary>Groups of endpoints. Empty on everything.</summary>
    public Guid[] Ends { get; init; } = [];

    /// <summary>By whose a thing is, or from where it is used: the broker looks at the thing itself.</summary>
    public bool IsByUse => Groups.Length + Ends.Length > 0;

    public static PoolScope Everything { get; } = new((Guid[]?)null);

    public static PoolScope Nothing { get; } = new([]);

    public bool IsEverything => Pools is null;

    public bool IsNothing => Pools is { Length: 0 } && Groups.Length == 0 && Sites.Length == 0 && Ends.Length == 0;

    public static PoolScope People(Guid group) => new([]) { Groups = [group] };

    public static PoolScope Site(Guid site) => new([]) { Sites = [site] };

    public static PoolScope Endpoints(Guid group) => new([]) { Ends = [group] };

    /// <summary>SQL: the address from which a session was used last.</summary>
    public static string AddressOf(string session) => $"(select ca.client_address from connection ca where ca.session_id = {session} order by ca.created_at desc limit 1)";

    /// <summary>SQL: whether an address as a gateway wrote it is one of the endpoints @Ends.</summary>
    public static string IsFrom(string address) => $"(cardinality(@Ends::uuid[]) > 0 and exists (select from endpoint_group eg where eg.endpoint_group_id = any(@Ends) and inet_of({address}) <<= any(eg.networks::inet[])))";

    /// <summary>SQL: whether a session is of the people @Groups or used from the endpoints @Ends.</summary>
    /// <param name="session">The table's name in the statement.</param>
    public static string IsTheirs(string session) => $"({IsOfPeople($"{session}.user_id")} or {IsFrom(AddressOf($"{session}.session_id"))})";

    /// <summary>SQL: whether a host is at one of the sites @Sites.</summary>
    public static string IsAtSite(string host) => $"{host} in (select hs.host_id from host hs where hs.site_id = any(@Sites))";

    /// <summary>SQL: whether a row is in the parameters @Pools, @Groups and, where its address is known, @Ends.</summary>
    /// <param name="pool">The column of its pool.</param>
    /// <param name="user">The column of its person.</param>
    /// <param name="address">From where it is used; null: that is not known of it.</param>
    public static string Holds(string pool, string user, string? address = null) =>
        $"(@Pools::uuid[] is null or {pool} = any(@Pools) or {IsOfPeople(user)}{(address is null ? "" : $" or {IsFrom(address)}")})";

    /// <summary>SQL: whether a person is in one of the groups @Groups.</summary>
    public static string IsOfPeople(string user) => $"{user} in (select gm.user_id from group_member gm where gm.group_id = any(@Groups))";

    /// <summary>Where both hold. What one holds by pool and the other by people is held by neither: no list could be cut by it.</summary>
    public PoolScope Within(PoolScope other) => Pools is null ? other : other.Pools is null ? this : new([.. Pools.Intersect(other.Pools)]) { Groups = [.. Groups.Intersect(other.Groups)], Sites = [.. Sites.Intersect(other.Sites)], Ends = [.. Ends.Intersect(other.Ends)] };

    /// <summary>Where at least one holds.</summary>
    public PoolScope Or(PoolScope other) => Pools is null || other.Pools is null ? Everything : new([.. Pools.Union(other.Pools)]) { Groups = [.. Groups.Union(other.Groups)], Sites = [.. Sites.Union(other.Sites)], Ends = [.. Ends.Union(other.Ends)] };

    public bool Covers(PoolScope other) => Pools is null || (other.Pools is not null && other.Pools.All(Pools.Contains) && other.Groups.All(Groups.Contains) && other.Sites.All(Sites.Contains) && other.Ends.All(Ends.Contains));
}
