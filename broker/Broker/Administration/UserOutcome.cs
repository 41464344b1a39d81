using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>How a change to a user ended.</summary>
internal abstract record UserOutcome
{
    private UserOutcome() { }

    /// <summary>The person holds a role, or would: only who manages roles may do that, or a help desk could make itself administrator.</summary>
    public static Refused NeedsRoles { get; } = new(RefusalReason.PermissionMissing, Permission.RolesManage.Name());

    public sealed record Done(Person User) : UserOutcome;

    /// <param name="Detail">The field, or the rule that was broken.</param>
    public sealed record Refused(RefusalReason Reason, string Detail = "") : UserOutcome;
}
