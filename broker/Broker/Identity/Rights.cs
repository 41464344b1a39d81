using System.Collections.Frozen;
using System.Text.Json;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Everything that one caller may do, and where. Two are equal when they were made of the same grants.</summary>
internal sealed class Rights : IEquatable<Rights>
{
    private readonly string _grants;
    private readonly FrozenDictionary<Permission, PoolScope> _scopes;

    private Rights(string grants, FrozenDictionary<Permission, PoolScope> scopes) => (_grants, _scopes) = (grants, scopes);

    public static Rights None { get; } = new("", FrozenDictionary<Permission, PoolScope>.Empty);

    /// <summary>The broker's own, and an administrator's.</summary>
    public static Rights Everything { get; } = Read($"""[["{BuiltInRoles.Administrator}",null,null]]""");

    /// <summary>What the caller holds, in the order of the contract.</summary>
    public IEnumerable<KeyValuePair<Permission, PoolScope>> All => _scopes.OrderBy(held => held.Key);

    /// <param name="grants">As rights_of in the database writes them.</param>
    public static Rights Read(string? grants)
    {
        if (grants is null) return None;
        var scopes = new Dictionary<Permission, PoolScope>();
        using var document = JsonDocument.Parse(grants);
        foreach (var grant in document.RootElement.EnumerateArray())
        {
            var scope = grant[2].ValueKind is JsonValueKind.Null ? PoolScope.Everything : WordOf(grant) switch
            {
                "people" => PoolScope.People(grant[2].GetGuid()),
                "site" => PoolScope.Site(grant[2].GetGuid()),
                "endpoints" => PoolScope.Endpoints(grant[2].GetGuid()),
                _ => new PoolScope([grant[2].GetGuid()]),
            };
            foreach (var permission in Of(grant[0].GetString()!, grant[1]))
                scopes[permission] = scopes.TryGetValue(permission, out var held) ? held.Or(scope) : scope;
        }
        return new(grants, scopes.ToFrozenDictionary());
    }

    /// <summary>What both hold, where both hold it.</summary>
    public Rights Within(Rights other) => new($"{_grants} within {other._grants}",
        _scopes.Select(held => KeyValuePair.Create(held.Key, held.Value.Within(other.Of(held.Key)))).Where(held => !held.Value.IsNothing).ToFrozenDictionary());

    public PoolScope Of(Permission permission) => _scopes.GetValueOrDefault(permission, PoolScope.Nothing);

    /// <summary>True when the caller holds it on everything.</summary>
    public bool Everywhere(Permission permission) => Of(permission).IsEverything;

    public bool Equals(Rights? other) => other is not null && string.Equals(_grants, other._grants, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as Rights);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_grants);

    private static string? WordOf(JsonElement grant) => grant.GetArrayLength() > 3 && grant[3].ValueKind is JsonValueKind.String ? grant[3].GetString() : null;

    // A permission that this version does not know was granted by a newer one beside it; here it opens nothing.
    private static IEnumerable<Permission> Of(string role, JsonElement own)
    {
        if (own.ValueKind is JsonValueKind.Null) return BuiltInRoles.Of(role);
        return own.EnumerateArray().Select(name => Permissions.TryParse(name.GetString()!, out var known) ? known : null).OfType<Permission>();
    }
}
