using System.Reflection;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Refuses what the caller's roles do not allow, by what the contract declares beside each method: as the real broker does.</summary>
internal sealed class FakeRights(FakeWorld world) : Interceptor
{
    private static readonly Dictionary<string, (string Permission, bool Filtered, MessageDescriptor Request)> Needs = (
        from type in typeof(Permission).Assembly.GetTypes()
        where type is { IsAbstract: true, IsSealed: true } && type.Name.EndsWith("Reflection", StringComparison.Ordinal)
        let file = type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) as FileDescriptor
        where file is not null
        from service in file.Services
        from method in service.Methods
        let options = method.GetOptions()
        where options is not null && options.GetExtension(PermissionExtensions.Needs) is not Permission.Unspecified
        select ($"/{service.FullName}/{method.Name}", (NameOf(options.GetExtension(PermissionExtensions.Needs)), options.GetExtension(PermissionExtensions.Filtered), method.InputType)))
        .ToDictionary(m => m.Item1, m => m.Item2);

    /// <summary>All permissions by name, in the order of the contract.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Permission>().Where(p => p > Permission.SignedIn).Select(NameOf)];

    private static IEnumerable<string> Looking => All.Where(p => p.EndsWith(".read", StringComparison.Ordinal)).Except(["audit.read", "roles.read", "api_keys.read", "backups.read", "settings.read"]);

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> BuiltIn { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        ["administrator"] = All,
        ["pool_operator"] = [.. Looking, "pools.manage", "pools.entitle", "machines.operate", "machines.manage", "sessions.operate", "rollouts.manage", "tasks.cancel"],
        ["help_desk"] = ["pools.read", "machines.read", "sessions.read", "launches.read", "users.read", "calendars.read", "alerts.read", "tasks.read", "tasks.cancel", "machines.operate", "sessions.operate", "sessions.assist", "users.password", "users.note"],
        ["auditor"] = [.. All.Where(p => p.EndsWith(".read", StringComparison.Ordinal))],
        ["read_only"] = [.. Looking],
    };

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Demand(context, request as IMessage);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Demand(context, request as IMessage);
        return continuation(request, responseStream, context);
    }

    private void Demand(ServerCallContext context, IMessage? request)
    {
        if (!Needs.TryGetValue(context.Method, out var need) || need.Permission.Length == 0) return;
        if (world.UserOf(context) is not { } user) return;   // the service itself says that the sign-in has ended
        var held = world.HeldBy(user).FirstOrDefault(h => h.Permission == need.Permission);
        if (held is { Everything: true }) return;
        if (held is null) throw FakeWorld.Refuse(StatusCode.PermissionDenied, ReasonCode.PermissionMissing, $"{need.Permission}: rita");
        var pool = need.Request.FindFieldByName("pool_id") is { } field && request is not null ? (string)field.Accessor.GetValue(request) : "";
        if (pool.Length > 0 && !held.PoolIds.Contains(pool)) throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "pool_id");
        if (pool.Length == 0 && !need.Filtered && !need.Request.Fields.InDeclarationOrder().Any(f => f.Name is "machine_id" or "session_id" or "rollout_id" or "assistance_id" or "launch_id"))
            throw FakeWorld.Refuse(StatusCode.PermissionDenied, ReasonCode.PermissionMissing, $"{need.Permission} (*): rita");
    }

    private static string NameOf(Permission permission)
    {
        if (permission <= Permission.SignedIn) return "";
        var declared = PermissionReflection.Descriptor.FindTypeByName<EnumDescriptor>(nameof(Permission)).FindValueByNumber((int)permission).Name["PERMISSION_".Length..].ToLowerInvariant();
        var last = declared.LastIndexOf('_');
        return $"{declared[..last]}.{declared[(last + 1)..]}";
    }
}
