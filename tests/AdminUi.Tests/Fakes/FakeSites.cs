using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Sites of the fake broker, counted from what is there.</summary>
internal sealed class FakeSites(FakeWorld world) : Sites.SitesBase
{
    public override Task<ListSitesResponse> List(ListSitesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var held = world.HeldBy(world.UserOf(context)!).FirstOrDefault(h => h.Permission == "hosts.read");
        return Task.FromResult(new ListSitesResponse { Sites = { world.Sites.Where(s => held is null or { Everything: true } || held.SiteIds.Contains(s.SiteId)).Select(With) } });
    }

    public override Task<Site> Make(MakeSiteRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (world.Sites.Any(s => string.Equals(s.Name, request.Name, StringComparison.OrdinalIgnoreCase))) throw FakeWorld.Refuse(StatusCode.AlreadyExists, ReasonCode.NameTaken, "name");
        var site = new Site { SiteId = $"site-{request.Name}", Name = request.Name, Description = request.Description };
        world.Sites.Add(site);
        world.Calls.Enqueue($"make-site {site.Name}");
        return Task.FromResult(With(site));
    }

    public override Task<Site> Change(ChangeSiteRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var site = world.Sites.Single(s => s.SiteId == request.SiteId);
        (site.Name, site.Description) = (request.Name, request.Description);
        return Task.FromResult(With(site));
    }

    public override Task<DeleteSiteResponse> Delete(DeleteSiteRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var site = With(world.Sites.Single(s => s.SiteId == request.SiteId));
        if (site.Hosts + site.Pools + site.Grants > 0) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.SiteInUse, $"hosts: {site.Hosts}, pools: {site.Pools}, grants: {site.Grants}");
        world.Sites.RemoveAll(s => s.SiteId == request.SiteId);
        return Task.FromResult(new DeleteSiteResponse());
    }

    private Site With(Site site)
    {
        var pools = world.Pools.All.Where(p => p.SiteId == site.SiteId).Select(p => p.PoolId).ToHashSet();
        return new(site)
        {
            Hosts = (uint)world.Hosts.Count(h => h.SiteId == site.SiteId), Pools = (uint)pools.Count, Machines = (uint)world.Machines.All.Count(m => pools.Contains(m.PoolId)),
            Sessions = (uint)world.Sessions.All.Count(s => pools.Contains(s.PoolId)), Grants = (uint)world.Grants.Count(g => g.ScopeSiteId == site.SiteId),
        };
    }
}
