namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>Where a role or a key is good, as the API takes it: one of the two, or neither for everything.</summary>
public sealed record ScopeChoice(string PoolId, string GroupId)
{
    private const string Pool = "pool:", People = "people:";

    public static ScopeChoice Everything { get; } = new("", "");

    /// <summary>The choice as a form's value.</summary>
    public string Key => PoolId.Length > 0 ? Pool + PoolId : GroupId.Length > 0 ? People + GroupId : "";

    public static ScopeChoice OfPool(string id) => new(id, "");

    public static ScopeChoice OfPeople(string id) => new("", id);

    public static ScopeChoice Of(string key) =>
        key.StartsWith(Pool, StringComparison.Ordinal) ? OfPool(key[Pool.Length..])
        : key.StartsWith(People, StringComparison.Ordinal) ? OfPeople(key[People.Length..])
        : Everything;
}
