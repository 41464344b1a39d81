using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Image roll-outs of the fake broker; a test moves them on.</summary>
internal sealed class FakeRollouts(FakeWorld world) : Rollouts.RolloutsBase
{
    public override Task<Rollout> Start(StartRolloutRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var (pool, image) = (world.Pools.Find(request.PoolId)!, world.Images.Single(i => i.ImageVersionId == request.ImageVersionId));
        var started = new Rollout
        {
            RolloutId = "rollout-1", PoolId = pool.PoolId, PoolName = pool.Name, FromVersionId = pool.ImageVersionId, FromName = $"{pool.ImageName} 7", ToVersionId = image.ImageVersionId,
            ToName = $"{image.Name} {image.Number}", State = RolloutState.Canary, StateSince = Now, Canaries = request.Canaries, WavePercent = request.WavePercent, KeepReady = request.KeepReady,
            SlowdownPercent = request.SlowdownPercent, ForceAt = request.ForceAt, AskedBy = "rui.costa", StartedAt = Now, MachinesOld = pool.Machines, InUseOld = pool.InUse, Ready = pool.Available,
        };
        world.Calls.Enqueue($"rollout {pool.Name} {image.ImageVersionId} {request.Canaries} {request.KeepReady} force={request.ForceAt is not null}");
        world.Rollout = started;
        return Task.FromResult(started);
    }

    public override Task<ListRolloutsResponse> List(ListRolloutsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var answer = new ListRolloutsResponse();
        if (world.Rollout is { } rollout && request.PoolId == rollout.PoolId) answer.Rollouts.Add(rollout);
        return Task.FromResult(answer);
    }

    public override Task<Rollout> Get(GetRolloutRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(world.Rollout is { } rollout && rollout.RolloutId == request.RolloutId ? rollout : throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "rollout"));
    }

    public override Task<Rollout> Halt(RolloutActionRequest request, ServerCallContext context) => Become(RolloutState.Halted, context);

    public override Task<Rollout> Resume(RolloutActionRequest request, ServerCallContext context) => Become(world.Rollout!.HaltedIn, context);

    public override Task<Rollout> RollBack(RolloutActionRequest request, ServerCallContext context) => Become(RolloutState.RollingBack, context);

    private static Timestamp Now => DateTimeOffset.UtcNow.ToTimestamp();

    private Task<Rollout> Become(RolloutState state, ServerCallContext context)
    {
        world.Demand(context);
        world.Calls.Enqueue($"rollout {state}");
        var now = world.Rollout!.Clone();
        now.HaltedIn = state == RolloutState.Halted ? now.State : RolloutState.Unspecified;
        (now.State, now.StateSince) = (state, Now);
        world.Rollout = now;
        return Task.FromResult(now);
    }
}
