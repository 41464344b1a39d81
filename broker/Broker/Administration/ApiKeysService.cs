using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>The gRPC and REST face of API keys.</summary>
internal sealed class ApiKeysService(ApiKeyStore keys, RoleStore roles, MakeApiKey make, CallerDirectory callers) : ApiKeys.ApiKeysBase
{
    public override async Task<ListApiKeysResponse> List(ListApiKeysRequest request, ServerCallContext context) =>
        new() { Keys = { (await keys.ListAsync(context.Scope(), context.CancellationToken)).Select(From) } };

    public override async Task<ListKeyRolesResponse> ListRoles(ListKeyRolesRequest request, ServerCallContext context)
    {
        var where = ScopeFields.OfKey.Read(request.PoolId, request.ScopeGroupId, request.SiteId, request.ScopeEndpointGroupId);
        var said = (await roles.ListAsync(context.CancellationToken))
            .Where(role => context.Caller().Beyond(RoleRules.PermissionsOf(role.Name, role.BuiltIn ? null : role.Permissions), where) is null).Select(RolesService.From).ToList();
        foreach (var role in said) role.Holders = 0;
        return new() { Roles = { RolesService.InOrder(said) } };
    }

    public override async Task<MadeApiKey> Make(MakeApiKeyRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var where = ScopeFields.OfKey.Read(request.PoolId, request.ScopeGroupId, request.SiteId, request.ScopeEndpointGroupId);
        return await make.RunAsync(request.Name, request.Role, where, request.Days, context.Caller(), ct) switch
        {
            ApiKeyOutcome.Made made => new() { Key = await OneAsync(made.Key, ct), Secret = made.Secret },
            ApiKeyOutcome.Refused refused => throw Refusal.Refused(refused.Reason, refused.Detail),
            var outcome => throw new InvalidOperationException($"unknown outcome {outcome}"),
        };
    }

    public override async Task<ApiKey> Revoke(RevokeApiKeyRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.ApiKeyId, "api_key_id");
        var key = await OneAsync(id, context.CancellationToken);
        if (await keys.RevokeAsync(id, context.Caller()) is { } sha256) callers.ForgetKey(sha256);
        return key;
    }

    private async Task<ApiKey> OneAsync(Guid key, CancellationToken ct) =>
        await keys.FindAsync(key, ct) is { } row ? From(row) : throw Refusal.Refused(RefusalReason.NotFound, "api_key_id");

    private static ApiKey From(ApiKeyRow row) => new()
    {
        ApiKeyId = row.ApiKeyId.ToString(), Name = row.Name, Role = row.Role, PoolId = row.PoolId?.ToString() ?? "", PoolName = row.PoolName ?? "", ScopeGroupId = row.ScopeGroupId?.ToString() ?? "", ScopeGroupName = row.ScopeGroupName ?? "", SiteId = row.ScopeSiteId?.ToString() ?? "", SiteName = row.ScopeSiteName ?? "", ScopeEndpointGroupId = row.ScopeEndpointGroupId?.ToString() ?? "", ScopeEndpointGroupName = row.ScopeEndpointGroupName ?? "",
        MadeBy = row.MadeBy, MakerDisplayName = row.MakerDisplayName, MakerActive = row.MakerActive, CreatedAt = At(row.CreatedAt), ExpiresAt = At(row.ExpiresAt),
        Expired = row.Expired, LastUsedAt = row.LastUsedAt is { } used ? At(used) : null, LastUsedFrom = row.LastUsedFrom,
    };

    private static Timestamp At(DateTime utc) => Timestamp.FromDateTime(DateTime.SpecifyKind(utc, DateTimeKind.Utc));
}
