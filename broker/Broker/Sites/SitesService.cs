using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Sites;

/// <summary>The gRPC and REST face of sites.</summary>
internal sealed class SitesService(SiteStore sites, TimeProvider time) : Contract.Sites.SitesBase
{
    public override async Task<ListSitesResponse> List(ListSitesRequest request, ServerCallContext context) =>
        new() { Sites = { (await sites.AllAsync(context.Scope(), context.CancellationToken)).Select(From) } };

    public override async Task<Site> Make(MakeSiteRequest request, ServerCallContext context)
    {
        var site = Guid.CreateVersion7(time.GetUtcNow());
        if (!await sites.MakeAsync(site, Fields.Name(request.Name), Fields.Description(request.Description), context.Caller())) throw Refusal.Refused(RefusalReason.NameTaken, "name");
        return await OneAsync(site, context.CancellationToken);
    }

    public override async Task<Site> Change(ChangeSiteRequest request, ServerCallContext context)
    {
        var site = Ids.Parse(request.SiteId, "site_id");
        if (await sites.ChangeAsync(site, Fields.Name(request.Name), Fields.Description(request.Description), context.Caller()) is { } reason)
            throw Refusal.Refused(reason, reason is RefusalReason.NameTaken ? "name" : "site_id");
        return await OneAsync(site, context.CancellationToken);
    }

    public override async Task<DeleteSiteResponse> Delete(DeleteSiteRequest request, ServerCallContext context)
    {
        var site = Ids.Parse(request.SiteId, "site_id");
        if (await sites.DeleteAsync(site, context.Caller())) return new();
        var there = await OneAsync(site, context.CancellationToken);
        throw Refusal.Refused(RefusalReason.SiteInUse, $"hosts: {there.Hosts}, pools: {there.Pools}, grants: {there.Grants}");
    }

    private async Task<Site> OneAsync(Guid site, CancellationToken ct) =>
        (await sites.AllAsync(PoolScope.Everything, ct)).FirstOrDefault(row => row.SiteId == site) is { } row ? From(row) : throw Refusal.Refused(RefusalReason.NotFound, "site_id");

    private static Site From(SiteRow row) => new()
    {
        SiteId = row.SiteId.ToString(), Name = row.Name, Description = row.Description, Hosts = (uint)row.Hosts, Pools = (uint)row.Pools,
        Machines = (uint)row.Machines, Sessions = (uint)row.Sessions, Grants = (uint)row.Grants,
    };
}
