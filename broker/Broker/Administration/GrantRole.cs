using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>Gives a person or a group a role, or takes one away. Nobody gives or takes more than he holds himself.</summary>
internal sealed class GrantRole(RoleStore roles, UserStore users, TimeProvider time)
{
    /// <param name="userName">To whom.</param>
    /// <param name="role">What.</param>
    /// <param name="where">Where; null: on everything.</param>
    /// <param name="dryRun">Only checks; the grant is then null.</param>
    /// <param name="by">Who gives it.</param>
    /// <param name="ct">Gives up before anything is given.</param>
    public async Task<(RoleRefusal? Refused, Guid? Grant)> GiveAsync(string userName, string role, GrantScope? where, bool dryRun, Caller by, CancellationToken ct)
    {
        var name = UserNames.Normalise(userName);
        if (await ProblemAsync(role, where ?? GrantScope.Everything, by, ct) is { } problem) return (problem, null);
        if (await users.FindAsync(name, ct) is null) return (new(RefusalReason.NotFound, "user_name"), null);
        return dryRun ? (null, null) : await GiveAsync(new Grantee(name, null), role, where ?? GrantScope.Everything, by);
    }

    /// <summary>The same for every member of a group, whoever that is at any time. Who may change the group then must hold the role, too.</summary>
    public async Task<(RoleRefusal? Refused, Guid? Grant)> GiveToGroupAsync(Guid group, string role, GrantScope? where, bool dryRun, Caller by, CancellationToken ct)
    {
        if (await ProblemAsync(role, where ?? GrantScope.Everything, by, ct) is { } problem) return (problem, null);
        if (await roles.GroupAsync(group, ct) is null) return (new(RefusalReason.NotFound, "group_id"), null);
        return dryRun ? (null, null) : await GiveAsync(new Grantee(null, group), role, where ?? GrantScope.Everything, by);
    }

    public async Task<RoleRefusal?> TakeAwayAsync(GrantRow grant, bool dryRun, Caller by)
    {
        if (by.Beyond(RoleRules.PermissionsOf(grant.Role, grant.Permissions), grant.Where) is { } beyond) return new(RefusalReason.PermissionMissing, beyond.Name());
        if (dryRun || await roles.TakeAwayAsync(grant.RoleGrantId, by)) return null;
        return await roles.GrantAsync(grant.RoleGrantId, CancellationToken.None) is null ? new(RefusalReason.NotFound, "grant_id") : new(RefusalReason.LastAdministrator, grant.UserName);
    }

    /// <summary>
    /// What the caller lacks to change who is in a group; null: nothing. Its members get a role by it, or become those over whom others, he himself
    /// perhaps, hold one: then he must hold it over everybody.
    /// </summary>
    public Task<RoleRefusal?> ProblemOfMembershipAsync(Guid group, Caller by, CancellationToken ct) =>
        ProblemOfAsync(g => g.ScopeGroupId == group ? GrantScope.Everything : g.GroupId == group ? g.Where : null, by, ct);

    /// <summary>What the caller lacks to change what is at a site: as with a group, every role that somebody holds there, on everything.</summary>
    public Task<RoleRefusal?> ProblemOfPlaceAsync(IReadOnlyCollection<Guid> sites, Caller by, CancellationToken ct) =>
        ProblemOfAsync(g => g.ScopeSiteId is { } site && sites.Contains(site) ? GrantScope.Everything : null, by, ct);

    /// <summary>The same of the networks of endpoints.</summary>
    public Task<RoleRefusal?> ProblemOfNetworksAsync(Guid endpoints, Caller by, CancellationToken ct) =>
        ProblemOfAsync(g => g.ScopeEndpointGroupId == endpoints ? GrantScope.Everything : null, by, ct);

    // Each grant with where the caller must hold its role; null: the change does not touch it.
    private async Task<RoleRefusal?> ProblemOfAsync(Func<GrantRow, GrantScope?> needed, Caller by, CancellationToken ct) =>
        (await roles.GrantsAsync(null, null, ct))
            .Select(g => needed(g) is { } where ? by.Beyond(RoleRules.PermissionsOf(g.Role, g.Permissions), where) : null).FirstOrDefault(beyond => beyond is not null) is { } missing
            ? new(RefusalReason.PermissionMissing, missing.Name())
            : null;

    private async Task<RoleRefusal?> ProblemAsync(string role, GrantScope where, Caller by, CancellationToken ct)
    {
        if (await roles.FindAsync(role, ct) is not { } wanted) return new(RefusalReason.NotFound, "role");
        return by.Beyond(RoleRules.PermissionsOf(role, wanted.BuiltIn ? null : wanted.Permissions), where) is { } beyond ? new(RefusalReason.PermissionMissing, beyond.Name()) : null;
    }

    private async Task<(RoleRefusal?, Guid?)> GiveAsync(Grantee to, string role, GrantScope where, Caller by)
    {
        var given = await roles.GiveAsync(Guid.CreateVersion7(time.GetUtcNow()), to, role, where, by);
        return given is null ? (new(RefusalReason.NotFound, ScopeFields.OfGrant.Of(where) ?? (to.Group is null ? "role" : "group_id")), null) : (null, given);
    }
}
