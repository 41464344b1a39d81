using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>The gRPC and REST face of roles and grants.</summary>
internal sealed class RolesService(RoleStore roles, GrantRole grant, SetRole set) : Roles.RolesBase
{
    public override async Task<ListRolesResponse> List(ListRolesRequest request, ServerCallContext context)
    {
        var rows = await roles.ListAsync(context.CancellationToken);
        return new() { Roles = { InOrder([.. rows.Select(From)]) }, Permissions = { Permissions.All.Select(p => p.Name()) } };
    }

    public override async Task<Role> Set(Role request, ServerCallContext context)
    {
        Throw(await set.RunAsync(request.Name, request.Description, request.Permissions, context.Caller(), context.CancellationToken));
        return await roles.FindAsync(request.Name, context.CancellationToken) is { } kept ? From(kept) : throw Refusal.Refused(RefusalReason.NotFound, "name");
    }

    public override async Task<DeleteRoleResponse> Delete(DeleteRoleRequest request, ServerCallContext context)
    {
        Throw(await set.DeleteAsync(request.Name, context.Caller(), context.CancellationToken));
        return new();
    }

    public override async Task<ListGrantsResponse> ListGrants(ListGrantsRequest request, ServerCallContext context) =>
        new() { Grants = { (await roles.GrantsAsync(request.UserName is "" ? null : UserNames.Normalise(request.UserName), Ids.ParseOrNone(request.GroupId, "group_id"), context.CancellationToken)).Select(From) } };

    public override async Task<RoleGrant> Grant(GrantRoleRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var where = ScopeFields.OfGrant.Read(request.ScopePoolId, request.ScopeGroupId, request.ScopeSiteId, request.ScopeEndpointGroupId);
        var group = Ids.ParseOrNone(request.GroupId, "group_id");
        if (group is null == request.UserName is "") throw Refusal.Refused(RefusalReason.InvalidField, "user_name: a person or a group, not both");
        var (refused, given) = group is { } members
            ? await grant.GiveToGroupAsync(members, request.Role, where, request.DryRun, context.Caller(), ct)
            : await grant.GiveAsync(request.UserName, request.Role, where, request.DryRun, context.Caller(), ct);
        Throw(refused);
        var said = given is { } id && await roles.GrantAsync(id, ct) is { } row ? From(row)
            : new RoleGrant { UserName = UserNames.Normalise(request.UserName), GroupId = request.GroupId, Role = request.Role, ScopePoolId = request.ScopePoolId, ScopeGroupId = request.ScopeGroupId, ScopeSiteId = request.ScopeSiteId, ScopeEndpointGroupId = request.ScopeEndpointGroupId };
        if (group is { } asked && await roles.GroupAsync(asked, ct) is { } reached) (said.GroupName, said.Members) = (reached.Name, (uint)reached.Members);
        return await WithReachAsync(said, where, ct);
    }

    public override async Task<RoleGrant> TakeAway(TakeAwayRequest request, ServerCallContext context)
    {
        var row = await roles.GrantAsync(Ids.Parse(request.GrantId, "grant_id"), context.CancellationToken) ?? throw Refusal.Refused(RefusalReason.NotFound, "grant_id");
        var said = await WithReachAsync(From(row), row.Where, context.CancellationToken);
        Throw(await grant.TakeAwayAsync(row, request.DryRun, context.Caller()));
        return said;
    }

    public override Task<MineResponse> Mine(MineRequest request, ServerCallContext context) => Task.FromResult(new MineResponse
    {
        Permissions =
        {
            context.Caller().Rights.All.Select(held => new HeldPermission
                { Permission = held.Key.Name(), Everything = held.Value.IsEverything, PoolIds = { (held.Value.Pools ?? []).Select(p => p.ToString()) }, GroupIds = { held.Value.Groups.Select(g => g.ToString()) }, SiteIds = { held.Value.Sites.Select(s => s.ToString()) }, EndpointGroupIds = { held.Value.Ends.Select(e => e.ToString()) } }),
        },
    });

    private async Task<RoleGrant> WithReachAsync(RoleGrant said, GrantScope where, CancellationToken ct)
    {
        var reach = await roles.ReachAsync(where, ct);
        (said.Pools, said.Machines, said.Sessions, said.People, said.Hosts) = ((uint)reach.Pools, (uint)reach.Machines, (uint)reach.Sessions, (uint)reach.People, where.Site is null ? 0 : (uint)reach.Hosts);
        return said;
    }

    /// <summary>Built-in ones from the mightiest to the least, then the others.</summary>
    internal static IEnumerable<Role> InOrder(IReadOnlyCollection<Role> all) => all.Where(r => r.BuiltIn).OrderBy(r => BuiltInRoles.Names.ToList().IndexOf(r.Name)).Concat(all.Where(r => !r.BuiltIn));

    internal static Role From(RoleRow row) => new()
    {
        Name = row.Name, BuiltIn = row.BuiltIn, Description = row.Description, Holders = (uint)row.Holders,
        Permissions = { RoleRules.PermissionsOf(row.Name, row.BuiltIn ? null : row.Permissions).Order().Select(p => p.Name()) },
    };

    private static RoleGrant From(GrantRow row) => new()
    {
        GrantId = row.RoleGrantId.ToString(), UserName = row.UserName, DisplayName = row.DisplayName, Enabled = row.Enabled, GroupId = row.GroupId?.ToString() ?? "", GroupName = row.GroupName ?? "", Members = (uint)row.Members, Role = row.Role, ScopePoolId = row.PoolId?.ToString() ?? "",
        ScopePoolName = row.PoolName ?? "", ScopeGroupId = row.ScopeGroupId?.ToString() ?? "", ScopeGroupName = row.ScopeGroupName ?? "", ScopeSiteId = row.ScopeSiteId?.ToString() ?? "", ScopeSiteName = row.ScopeSiteName ?? "", ScopeEndpointGroupId = row.ScopeEndpointGroupId?.ToString() ?? "", ScopeEndpointGroupName = row.ScopeEndpointGroupName ?? "", GrantedBy = row.GrantedBy, GrantedAt = Timestamp.FromDateTime(DateTime.SpecifyKind(row.GrantedAt, DateTimeKind.Utc)),
    };

    private static void Throw(RoleRefusal? refused)
    {
        if (refused is not null) throw Refusal.Refused(refused.Reason, refused.Detail);
    }
}
