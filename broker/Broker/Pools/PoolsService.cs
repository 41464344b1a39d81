using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Entitlements;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Sites;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Pools;

/// <summary>The gRPC and REST face of pools.</summary>
internal sealed class PoolsService(
    PoolAdminStore store, GrantEntitlement grant, RevokeEntitlement revoke, ListEntitlements entitlements, EntitleGroup entitleGroup, EntitlementStore rights, SetSite places, CallerDirectory callers, ChangePump pump, TimeProvider time)
    : Contract.Pools.PoolsBase
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);   // counts touch every pool; twice a second is live enough

    public override async Task<ListPoolsResponse> List(ListPoolsRequest request, ServerCallContext context) =>
        new() { Pools = { (await store.AllAsync(context.Scope(), context.CancellationToken)).Select(PoolContract.From) } };

    public override async Task<Pool> Create(CreatePoolRequest request, ServerCallContext context)
    {
        var wanted = PoolContract.Read(request, new(Guid.CreateVersion7(time.GetUtcNow())));
        var caller = context.Caller();
        // Whoever may at a site may make pools there: what is made was nobody's before, so nothing changes over which others hold a role.
        if (await store.CreateAsync(wanted, caller.UserName, caller.SourceAddress) is { } no) throw Refusal.Refused(no.Reason, no.Field);
        if (wanted.Site is not null) callers.Forget(caller);
        return await OneAsync(wanted.Id, context.CancellationToken);
    }

    public override async Task<Pool> Update(UpdatePoolRequest request, ServerCallContext context)
    {
        var pool = new PoolId(Ids.Parse(request.PoolId, "pool_id"));
        var caller = context.Caller();
        var edit = PoolContract.Read(request);
        if (request.HasSiteId)
        {
            var to = Ids.ParseOrNone(request.SiteId, "site_id");
            edit = edit with { Site = new(await places.CheckPoolAsync(pool, to, caller, context.CancellationToken), to) };
        }
        if (await store.UpdateAsync(pool, edit, caller.UserName, caller.SourceAddress) is { } no) throw Refusal.Refused(no.Reason, no.Field);
        return await OneAsync(pool, context.CancellationToken);
    }

    public override async Task<DeletePoolResponse> Delete(DeletePoolRequest request, ServerCallContext context)
    {
        var caller = context.Caller();
        if (await store.DeleteAsync(new(Ids.Parse(request.PoolId, "pool_id")), caller.UserName, caller.SourceAddress) is { } reason) throw Refusal.Refused(reason, "pool");
        return new();
    }

    public override async Task<EntitleResponse> Entitle(EntitleRequest request, ServerCallContext context)
    {
        if (await grant.RunAsync(new(Ids.Parse(request.PoolId, "pool_id")), request.UserName, context.Caller()) is EntitlementOutcome.Refused no) throw Refusal.Refused(no.Reason, no.Detail);
        return new();
    }

    public override async Task<EntitleResponse> RevokeEntitlement(EntitleRequest request, ServerCallContext context)
    {
        if (await revoke.RunAsync(new(Ids.Parse(request.PoolId, "pool_id")), request.UserName, context.Caller()) is EntitlementOutcome.Refused no) throw Refusal.Refused(no.Reason, no.Detail);
        return new();
    }

    public override async Task<ListEntitlementsResponse> ListEntitlements(ListEntitlementsRequest request, ServerCallContext context) =>
        await entitlements.RunAsync(new(Ids.Parse(request.PoolId, "pool_id")), context.CancellationToken) is { } people
            ? new()
            {
                Users = { people.Select(p => p.ToMessage()) },
                Groups = { (await rights.GroupsAsync(new(new(request.PoolId)), context.CancellationToken)).Select(g => new Group { GroupId = g.GroupId.ToString(), Name = g.Name, Members = (uint)g.Members }) },
            }
            : throw Refusal.Refused(RefusalReason.PoolUnknown, "pool_id");

    public override Task<EntitleResponse> EntitleGroup(EntitleGroupRequest request, ServerCallContext context) => SetGroupAsync(request, entitled: true, context);

    public override Task<EntitleResponse> RevokeGroup(EntitleGroupRequest request, ServerCallContext context) => SetGroupAsync(request, entitled: false, context);

    public override async Task Watch(WatchPoolsRequest request, IServerStreamWriter<PoolsUpdate> responseStream, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var batches = pump.Subscribe(ct).GetAsyncEnumerator(ct);
        var known = (await store.AllAsync(context.Scope(), ct)).ToDictionary(r => r.PoolId);
        await responseStream.WriteAsync(new() { Snapshot = new() { Pools = { known.Values.Select(PoolContract.From) } } }, ct);
        while (await batches.MoveNextAsync())
        {
            if (!batches.Current.Lost && !batches.Current.Touches("pool", "machine", "session", "operation")) continue;
            await Task.Delay(Pace, time, ct);
            var now = (await store.AllAsync(context.Scope(), ct)).ToDictionary(r => r.PoolId);
            var changed = now.Values.Where(r => !known.TryGetValue(r.PoolId, out var before) || before != r).ToList();
            var gone = known.Keys.Except(now.Keys).ToList();
            known = now;
            if (changed.Count + gone.Count > 0)
                await responseStream.WriteAsync(new() { Changes = new() { Changed = { changed.Select(PoolContract.From) }, Removed = { gone.Select(g => g.ToString()) } } }, ct);
        }
    }

    private async Task<EntitleResponse> SetGroupAsync(EntitleGroupRequest request, bool entitled, ServerCallContext context) =>
        await entitleGroup.RunAsync(new(Ids.Parse(request.PoolId, "pool_id")), Ids.Parse(request.GroupId, "group_id"), entitled, context.Caller()) is { } no
            ? throw Refusal.Refused(no.Reason, no.Detail)
            : new();

    private async Task<Pool> OneAsync(PoolId pool, CancellationToken ct) =>
        await store.OneAsync(pool, ct) is { } row ? PoolContract.From(row) : throw Refusal.Refused(RefusalReason.NotFound, "pool");
}
