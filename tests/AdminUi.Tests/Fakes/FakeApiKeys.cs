using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>API keys of the fake broker.</summary>
internal sealed class FakeApiKeys(FakeWorld world) : ApiKeys.ApiKeysBase
{
    public const string Secret = "mvdi_key_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

    public override Task<ListApiKeysResponse> List(ListApiKeysRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListApiKeysResponse { Keys = { world.ApiKeys.OrderBy(k => k.Name, StringComparer.Ordinal) } });
    }

    public override Task<ListKeyRolesResponse> ListRoles(ListKeyRolesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var held = world.HeldBy(world.UserOf(context)!);
        var all = FakeRights.BuiltIn.Select(r => new Role { Name = r.Key, BuiltIn = true, Permissions = { r.Value } }).Concat(world.Roles);
        return Task.FromResult(new ListKeyRolesResponse { Roles = { all.Where(role => role.Permissions.All(p => held.Any(h => h.Permission == p && (h.Everything || h.PoolIds.Contains(request.PoolId))))) } });
    }

    public override Task<MadeApiKey> Make(MakeApiKeyRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (world.ApiKeys.Any(k => k.Name == request.Name)) throw FakeWorld.Refuse(StatusCode.AlreadyExists, ReasonCode.NameTaken, request.Name);
        var now = DateTimeOffset.UtcNow;
        var key = new ApiKey
        {
            ApiKeyId = $"key-{world.ApiKeys.Count + 1}", Name = request.Name, Role = request.Role, PoolId = request.PoolId, PoolName = world.Pools.Find(request.PoolId)?.Name ?? "",
            MadeBy = "rita", MakerDisplayName = "Rita Admin", MakerActive = true, CreatedAt = now.ToTimestamp(), ExpiresAt = now.AddDays(request.Days).ToTimestamp(),
        };
        world.ApiKeys.Add(key);
        world.Calls.Enqueue($"make-key {request.Name} {request.Role} {request.PoolId} {request.Days}");
        return Task.FromResult(new MadeApiKey { Key = key, Secret = Secret });
    }

    public override Task<ApiKey> Revoke(RevokeApiKeyRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var key = world.ApiKeys.FirstOrDefault(k => k.ApiKeyId == request.ApiKeyId) ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "api_key_id");
        world.ApiKeys.Remove(key);
        return Task.FromResult(key);
    }
}
