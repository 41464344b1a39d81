using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>Gives somebody a role, or takes one away. Nobody gives or takes more than he holds himself.</summary>
internal sealed class GrantRole(RoleStore roles, UserStore users, TimeProvider time)
{
    /// <param name="dryRun">Only checks; the grant is then null.</param>
    public async Task<(RoleRefusal? Refused, Guid? Grant)> GiveAsync(string userName, string role, Guid? pool, bool dryRun, Caller by, CancellationToken ct)
    {
        var name = UserNames.Normalise(userName);
        if (await roles.FindAsync(role, ct) is not { } wanted) return (new(RefusalReason.NotFound, "role"), null);
        if (by.Beyond(RoleRules.PermissionsOf(role, wanted.BuiltIn ? null : wanted.Permissions), pool) is { } beyond) return (new(RefusalReason.PermissionMissing, beyond.Name()), null);
        if (await users.FindAsync(name, ct) is null) return (new(RefusalReason.NotFound, "user_name"), null);
        if (dryRun) return (null, null);
        var given = await roles.GiveAsync(Guid.CreateVersion7(time.GetUtcNow()), name, role, pool, by);
        return given is null ? (new(RefusalReason.NotFound, pool is null ? "role" : "scope_pool_id"), null) : (null, given);
    }

    public async Task<RoleRefusal?> TakeAwayAsync(GrantRow grant, bool dryRun, Caller by)
    {
        if (by.Beyond(RoleRules.PermissionsOf(grant.Role, grant.Permissions), grant.PoolId) is { } beyond) return new(RefusalReason.PermissionMissing, beyond.Name());
        if (dryRun || await roles.TakeAwayAsync(grant.RoleGrantId, by)) return null;
        return await roles.GrantAsync(grant.RoleGrantId, CancellationToken.None) is null ? new(RefusalReason.NotFound, "grant_id") : new(RefusalReason.LastAdministrator, grant.UserName);
    }
}
