using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>The gRPC and REST face of image roll-outs.</summary>
internal sealed class RolloutsService(RolloutStore store, ChangePump pump, TimeProvider time) : Contract.Rollouts.RolloutsBase
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);   // counts touch every machine of a pool; twice a second is live enough

    public override async Task<Rollout> Start(StartRolloutRequest request, ServerCallContext context)
    {
        var wanted = RolloutContract.Read(request, Guid.CreateVersion7(time.GetUtcNow()), time.GetUtcNow());
        var caller = context.Caller();
        if (await store.StartAsync(wanted, caller.UserName, caller.SourceAddress) is { } no) throw Refusal.Refused(no.Reason, no.Field);
        pump.Ring();
        return await OneAsync(new(wanted.Id), context.CancellationToken);
    }

    public override async Task<ListRolloutsResponse> List(ListRolloutsRequest request, ServerCallContext context) => await AllAsync(Pool(request), context.Scope(), context.CancellationToken);

    public override async Task<Rollout> Get(GetRolloutRequest request, ServerCallContext context) => await OneAsync(Id(request.RolloutId), context.CancellationToken);

    public override Task<Rollout> Halt(RolloutActionRequest request, ServerCallContext context) => ActAsync(request, context, store.HaltAsync, Contract.RolloutState.Halted);

    public override Task<Rollout> Resume(RolloutActionRequest request, ServerCallContext context) =>
        ActAsync(request, context, store.ResumeAsync, Contract.RolloutState.Canary, Contract.RolloutState.Proving, Contract.RolloutState.Waves);

    public override Task<Rollout> RollBack(RolloutActionRequest request, ServerCallContext context) => ActAsync(request, context, store.RollBackAsync, Contract.RolloutState.RollingBack, Contract.RolloutState.RolledBack);

    public override async Task Watch(ListRolloutsRequest request, IServerStreamWriter<ListRolloutsResponse> responseStream, ServerCallContext context)
    {
        var (pool, ct) = (Pool(request), context.CancellationToken);
        await using var batches = pump.Subscribe(ct).GetAsyncEnumerator(ct);
        var said = await AllAsync(pool, context.Scope(), ct);
        await responseStream.WriteAsync(said, ct);
        while (await batches.MoveNextAsync())
        {
            if (!batches.Current.Lost && !batches.Current.Touches("rollout", "machine", "session", "pool")) continue;
            await Task.Delay(Pace, time, ct);
            if (await AllAsync(pool, context.Scope(), ct) is var now && now.Equals(said)) continue;
            await responseStream.WriteAsync(said = now, ct);
        }
    }

    // Doing it twice changes nothing and is no error: what was asked for is so.
    private async Task<Rollout> ActAsync(RolloutActionRequest request, ServerCallContext context, Func<RolloutId, string, string, Task<bool>> act, params Contract.RolloutState[] there)
    {
        var (id, caller) = (Id(request.RolloutId), context.Caller());
        var acted = await act(id, caller.UserName, caller.SourceAddress);
        pump.Ring();
        var now = await OneAsync(id, context.CancellationToken);
        return acted || there.Contains(now.State) ? now : throw Refusal.Refused(RefusalReason.RolloutOver, "rollout");
    }

    private async Task<ListRolloutsResponse> AllAsync(Guid? pool, PoolScope scope, CancellationToken ct)
    {
        var rows = await store.ListAsync(pool, scope, ct);
        var probes = await store.ProbesAsync([.. rows.Select(r => r.RolloutId)], ct);
        return new() { Rollouts = { rows.Select(r => RolloutContract.From(r, probes[r.RolloutId])) } };
    }

    private async Task<Rollout> OneAsync(RolloutId rollout, CancellationToken ct) =>
        await store.OneAsync(rollout, ct) is { } row
            ? RolloutContract.From(row, (await store.ProbesAsync([row.RolloutId], ct))[row.RolloutId])
            : throw Refusal.Refused(RefusalReason.NotFound, "rollout");

    private static Guid? Pool(ListRolloutsRequest request) => request.PoolId.Length == 0 ? null : Ids.Parse(request.PoolId, "pool_id");

    private static RolloutId Id(string text) => new(Ids.Parse(text, "rollout_id"));
}
