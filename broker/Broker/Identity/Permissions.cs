using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Google.Protobuf.Reflection;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Permissions as people and the database write them: <c>PERMISSION_API_KEYS_READ</c> is <c>api_keys.read</c>.</summary>
internal static class Permissions
{
    private static readonly FrozenDictionary<Permission, string> Names = FrozenDictionary.ToFrozenDictionary(
        PermissionReflection.Descriptor.FindTypeByName<EnumDescriptor>(nameof(Permission)).Values
            .Where(value => value.Number > (int)Permission.SignedIn)
            .Select(value => KeyValuePair.Create((Permission)value.Number, NameOf(value.Name))));

    private static readonly FrozenDictionary<string, Permission> ByName = FrozenDictionary.ToFrozenDictionary(Names.Select(p => KeyValuePair.Create(p.Value, p.Key)), StringComparer.Ordinal);

    /// <summary>Everything that can be granted.</summary>
    public static IReadOnlyList<Permission> All { get; } = [.. Names.Keys.Order()];

    public static string Name(this Permission permission) => Names.GetValueOrDefault(permission, "");

    public static bool TryParse(string name, [NotNullWhen(true)] out Permission? permission)
    {
        permission = ByName.TryGetValue(name, out var known) ? known : null;
        return permission is not null;
    }

    private static string NameOf(string declared)
    {
        var words = declared["PERMISSION_".Length..].ToLowerInvariant();
        var last = words.LastIndexOf('_');
        return $"{words[..last]}.{words[(last + 1)..]}";
    }
}
