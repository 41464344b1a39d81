namespace Montalegre.Vdi.Broker.Identity;

/// <summary>On which pools, and what belongs to them, somebody holds a permission.</summary>
/// <param name="Pools">Null: on everything, also on what belongs to no pool. For SQL: <c>(@pools::uuid[] is null or pool_id = any(@pools))</c>.</param>
internal sealed record PoolScope(Guid[]? Pools)
{
    public static PoolScope Everything { get; } = new((Guid[]?)null);

    public static PoolScope Nothing { get; } = new([]);

    public bool IsEverything => Pools is null;

    public bool IsNothing => Pools is { Length: 0 };

    /// <summary>Where both hold.</summary>
    public PoolScope Within(PoolScope other) => Pools is null ? other : other.Pools is null ? this : new([.. Pools.Intersect(other.Pools)]);

    public bool Covers(PoolScope other) => Pools is null || (other.Pools is not null && other.Pools.All(Pools.Contains));
}
