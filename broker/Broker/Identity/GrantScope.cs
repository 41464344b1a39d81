namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Where one grant, or one key, is good: a pool or the people of a group, the other being null. Both null: everything.</summary>
internal sealed record GrantScope(Guid? Pool, Guid? People)
{
    public static GrantScope Everything { get; } = new(null, null);

    public PoolScope Reach => Pool is { } pool ? new([pool]) : People is { } group ? PoolScope.People(group) : PoolScope.Everything;
}
