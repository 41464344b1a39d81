using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Roles and grants of the fake broker: what was given decides at once what is refused.</summary>
internal sealed class FakeRoles(FakeWorld world) : Roles.RolesBase
{
    public override Task<ListRolesResponse> List(ListRolesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var builtIn = FakeRights.BuiltIn.Select(r => new Role { Name = r.Key, BuiltIn = true, Permissions = { r.Value }, Holders = Holders(r.Key) });
        return Task.FromResult(new ListRolesResponse { Roles = { builtIn, world.Roles.Select(With) }, Permissions = { FakeRights.All } });
    }

    public override Task<Role> Set(Role request, ServerCallContext context)
    {
        world.Demand(context);
        if (FakeRights.BuiltIn.ContainsKey(request.Name)) throw FakeWorld.Refuse(StatusCode.AlreadyExists, ReasonCode.NameTaken, request.Name);
        world.Roles.RemoveAll(r => r.Name == request.Name);
        world.Roles.Add(request);
        world.Calls.Enqueue($"set-role {request.Name} {string.Join(' ', request.Permissions)}");
        return Task.FromResult(With(request));
    }

    public override Task<DeleteRoleResponse> Delete(DeleteRoleRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (Holders(request.Name) > 0) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.InUse, request.Name);
        world.Roles.RemoveAll(r => r.Name == request.Name);
        return Task.FromResult(new DeleteRoleResponse());
    }

    public override Task<ListGrantsResponse> ListGrants(ListGrantsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListGrantsResponse { Grants = { world.Grants.Where(g => request.UserName.Length == 0 || g.UserName == request.UserName) } });
    }

    public override Task<RoleGrant> Grant(GrantRoleRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var group = world.Groups.FirstOrDefault(g => g.GroupId == request.GroupId);
        var scope = world.Groups.FirstOrDefault(g => g.GroupId == request.ScopeGroupId);
        var user = group is not null ? new() { Enabled = true } : world.Users.FirstOrDefault(u => u.UserName == request.UserName) ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "user_name");
        var grant = WithReach(new()
        {
            GrantId = $"grant-{world.Grants.Count + 1}", UserName = user.UserName, DisplayName = user.DisplayName, Enabled = user.Enabled, Role = request.Role, ScopePoolId = request.ScopePoolId,
            GroupId = request.GroupId, GroupName = group?.Name ?? "", Members = group?.Members ?? 0, ScopePoolName = world.Pools.Find(request.ScopePoolId)?.Name ?? "", ScopeGroupId = request.ScopeGroupId, ScopeGroupName = scope?.Name ?? "", ScopeSiteId = request.ScopeSiteId, ScopeSiteName = world.Sites.FirstOrDefault(s => s.SiteId == request.ScopeSiteId)?.Name ?? "", ScopeEndpointGroupId = request.ScopeEndpointGroupId, ScopeEndpointGroupName = world.Endpoints.FirstOrDefault(g => g.EndpointGroupId == request.ScopeEndpointGroupId)?.Name ?? "", GrantedBy = "rita", GrantedAt = DateTimeOffset.UtcNow.ToTimestamp(),
        });
        if (!request.DryRun) world.Grants.Add(grant);
        return Task.FromResult(grant);
    }

    public override Task<RoleGrant> TakeAway(TakeAwayRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var grant = world.Grants.FirstOrDefault(g => g.GrantId == request.GrantId) ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "grant_id");
        if (!request.DryRun && grant is { Role: "administrator", ScopePoolId: "" } && world.Grants.Count(g => g is { Role: "administrator", ScopePoolId: "", Enabled: true }) == 1)
            throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.LastAdministrator, grant.UserName);
        if (!request.DryRun) world.Grants.Remove(grant);
        return Task.FromResult(WithReach(grant.Clone()));
    }

    public override Task<MineResponse> Mine(MineRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new MineResponse { Permissions = { world.HeldBy(world.UserOf(context)!) } });
    }

    private RoleGrant WithReach(RoleGrant grant)
    {
        if (world.Groups.FirstOrDefault(g => g.GroupId == grant.ScopeGroupId) is { } people)
        {
            (grant.People, grant.Machines, grant.Sessions) = (people.Members, 1, 1);
            return grant;
        }
        if (world.Endpoints.FirstOrDefault(g => g.EndpointGroupId == grant.ScopeEndpointGroupId) is { } endpoints)
        {
            (grant.Sessions, grant.Machines) = (endpoints.Sessions, endpoints.Sessions);
            return grant;
        }
        if (grant.ScopeSiteId.Length > 0)
        {
            (grant.Hosts, grant.Pools, grant.Machines, grant.Sessions) = ((uint)world.Hosts.Count(h => h.SiteId == grant.ScopeSiteId), 1, 4, 1);
            return grant;
        }
        var all = grant.ScopePoolId.Length == 0;
        (grant.Pools, grant.Machines, grant.Sessions) = (all ? (uint)world.Pools.All.Length : 1, (uint)world.Machines.All.Count(m => all || m.PoolId == grant.ScopePoolId), (uint)world.Sessions.All.Count(s => all || s.PoolId == grant.ScopePoolId));
        return grant;
    }

    private uint Holders(string role) => (uint)world.Grants.Count(g => g.Role == role);

    private Role With(Role role)
    {
        role.Holders = Holders(role.Name);
        return role;
    }
}
