using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>Makes or changes a role of the installation's own. What it could before and what it can after must both be within what the caller may.</summary>
internal sealed class SetRole(RoleStore roles)
{
    private const int LongestDescription = 200;

    public async Task<RoleRefusal?> RunAsync(string name, string description, IReadOnlyCollection<string> permissions, Caller by, CancellationToken ct)
    {
        if (!RoleRules.IsName(name)) return new(RefusalReason.InvalidField, "name: small letters, digits and _, at most 40");
        if (description.Length > LongestDescription || description.Any(char.IsControl)) return new(RefusalReason.InvalidField, $"description: at most {LongestDescription} characters");
        if (permissions.Count == 0) return new(RefusalReason.InvalidField, "permissions: at least one");
        if (permissions.FirstOrDefault(p => !Permissions.TryParse(p, out _)) is { } unknown) return new(RefusalReason.InvalidField, $"permissions: {unknown} is none");
        var before = await roles.FindAsync(name, ct);
        if (before is { BuiltIn: true }) return new(RefusalReason.NameTaken, name);
        if (by.Beyond(RoleRules.PermissionsOf(name, [.. permissions, .. before?.Permissions ?? []]), GrantScope.Everything) is { } beyond) return new(RefusalReason.PermissionMissing, beyond.Name());
        return await roles.SetAsync(name, description.Trim(), [.. permissions.Distinct().Order(StringComparer.Ordinal)], by) ? null : new(RefusalReason.NameTaken, name);
    }

    public async Task<RoleRefusal?> DeleteAsync(string name, Caller by, CancellationToken ct)
    {
        if (await roles.DeleteAsync(name, by)) return null;
        return await roles.FindAsync(name, ct) switch
        {
            null => new(RefusalReason.NotFound, "name"),
            { BuiltIn: true } => new(RefusalReason.NotSupported, name),
            _ => new(RefusalReason.InUse, name),
        };
    }
}
