using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>What a role is made of, and whether somebody may give it.</summary>
internal static partial class RoleRules
{
    public static IReadOnlySet<Permission> PermissionsOf(string role, string[]? own) =>
        own is null ? BuiltInRoles.Of(role) : own.Select(name => Permissions.TryParse(name, out var known) ? known : null).OfType<Permission>().ToFrozenSet();

    /// <summary>The first permission that the caller does not hold himself there: nobody gives, or takes, more than he has.</summary>
    public static Permission? Beyond(this Caller caller, IEnumerable<Permission> permissions, GrantScope where) =>
        permissions.Order().Select(p => (Permission?)p).FirstOrDefault(p => !caller.Rights.Of(p!.Value).Covers(where.Reach));

    public static bool IsName(string name) => Name().IsMatch(name);

    [GeneratedRegex(@"^[a-z][a-z0-9_]{1,39}\z")]
    private static partial Regex Name();
}

/// <summary>How a change to roles ended when it was refused; null stands for done.</summary>
internal sealed record RoleRefusal(RefusalReason Reason, string Detail);
