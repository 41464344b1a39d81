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
    private static readonly Dictionary<string, (string Permission, bool Filtered, bool People, MessageDescriptor Request)> Needs = (
        from type in typeof(Permission).Assembly.GetTypes()
        where type is { IsAbstract: true, IsSealed: true } && type.Name.EndsWith("Reflection", StringComparison.Ordinal)
        let file = type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) as FileDescriptor
        where file is not null
        from service in file.Services
        from method in service.Methods
        let options = method.GetOptions()
        where options is not null && options.GetExtension(PermissionExtensions.Needs) is not Permission.Unspecified
        select ($"/{service.FullName}/{method.Name}", (NameOf(options.GetExtension(PermissionExtensions.Needs)), options.GetExtension(PermissionExtensions.Filtered), options.GetExtension(PermissionExtensions.People), method.InputType)))
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
        return Answer();

        async Task<TResponse> Answer()
        {
            var answer = await continuation(request, context);
            Cut(context, answer);
            return answer;
        }
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Demand(context, request as IMessage);
        return continuation(request, new Cutting<TResponse>(responseStream, row => Cut(context, row)), context);
    }

    private void Demand(ServerCallContext context, IMessage? request)
    {
        if (!Needs.TryGetValue(context.Method, out var need) || need.Permission.Length == 0) return;
        if (world.UserOf(context) is not { } user) return;   // the service itself says that the sign-in has ended
        var held = world.HeldBy(user).FirstOrDefault(h => h.Permission == need.Permission);
        if (held is { Everything: true }) return;
        if (held is null) throw FakeWorld.Refuse(StatusCode.PermissionDenied, ReasonCode.PermissionMissing, $"{need.Permission}: rita");
        if (held.GroupIds.Count > 0)
        {
            DemandOverPeople(held, need, request);
            return;
        }
        var pool = need.Request.FindFieldByName("pool_id") is { } field && request is not null ? (string)field.Accessor.GetValue(request) : "";
        if (pool.Length > 0 && !held.PoolIds.Contains(pool)) throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "pool_id");
        var site = need.Request.FindFieldByName("site_id") is { } of && request is not null ? (string)of.Accessor.GetValue(request) : "";
        if (site.Length > 0 && !held.SiteIds.Contains(site)) throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "site_id");
        if (pool.Length + site.Length == 0 && !need.Filtered && !need.Request.Fields.InDeclarationOrder().Any(f => f.Name is "machine_id" or "session_id" or "rollout_id" or "assistance_id" or "launch_id"))
            throw FakeWorld.Refuse(StatusCode.PermissionDenied, ReasonCode.PermissionMissing, $"{need.Permission} (*): rita");
    }

    // As the real one: objects that people use, people themselves where the method says so, and lists, which are cut.
    private void DemandOverPeople(HeldPermission held, (string Permission, bool Filtered, bool People, MessageDescriptor Request) need, IMessage? request)
    {
        string Named(string field) => request is not null && need.Request.FindFieldByName(field) is { FieldType: FieldType.String } found ? (string)found.Accessor.GetValue(request) : "";
        string[] objects = ["pool_id", "rollout_id", "machine_id", "session_id", "launch_id", "assistance_id"];
        if (objects.Select(f => (Field: f, Id: Named(f))).Where(o => o.Id.Length > 0).ToArray() is { Length: > 0 } named)
        {
            foreach (var (field, id) in named)
                if (!(held.PoolIds.Contains(field == "pool_id" ? id : world.Sessions.Find(id)?.PoolId ?? world.Machines.Find(id)?.PoolId ?? "") || IsTheirs(held, field, id))) throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, field);
        }
        else if (!need.Filtered && !(need.People && Named("user_name").Length > 0)) throw FakeWorld.Refuse(StatusCode.PermissionDenied, ReasonCode.PermissionMissing, $"{need.Permission} (*): rita");
        else if (!need.Filtered && !IsTheir(held, Named("user_name"))) throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "user_name");
    }

    private bool IsTheirs(HeldPermission held, string field, string id) => field switch
    {
        "session_id" => world.Sessions.Find(id) is { } session && IsTheir(held, session.UserName),
        "machine_id" => world.Machines.Find(id) is { } machine && IsTheir(held, machine.UserName),
        "launch_id" or "assistance_id" => true,     // reached from a session that was shown
        _ => false,
    };

    private bool IsTheir(HeldPermission held, string user) => held.GroupIds.Any(g => world.Members.GetValueOrDefault(g, []).Any(u => u.UserName == user));

    // Who holds something over the people of a group sees these, and what they use.
    private void Cut(ServerCallContext context, object? answer)
    {
        if (!Needs.TryGetValue(context.Method, out var need) || world.UserOf(context) is not { } user) return;
        if (world.HeldBy(user).FirstOrDefault(h => h.Permission == need.Permission) is not { Everything: false, GroupIds.Count: > 0 } held) return;
        void Keep<T>(Google.Protobuf.Collections.RepeatedField<T>? rows, Func<T, bool> theirs)
        {
            foreach (var row in rows?.Where(r => !theirs(r)).ToList() ?? []) rows!.Remove(row);
        }
        Keep((answer as ListUsersResponse)?.Users, u => IsTheir(held, u.UserName));
        bool OfSession(Session s) => held.PoolIds.Contains(s.PoolId) || IsTheir(held, s.UserName);
        bool OfMachine(Machine m) => held.PoolIds.Contains(m.PoolId) || IsTheir(held, m.UserName);
        bool OfPool(Pool p) => held.PoolIds.Contains(p.PoolId);
        if (answer is SessionsUpdate sessions) { Keep(sessions.Snapshot?.Sessions, OfSession); Keep(sessions.Changes?.Changed, OfSession); }
        if (answer is MachinesUpdate machines) { Keep(machines.Snapshot?.Machines, OfMachine); Keep(machines.Changes?.Changed, OfMachine); }
        if (answer is PoolsUpdate pools) { Keep(pools.Snapshot?.Pools, OfPool); Keep(pools.Changes?.Changed, OfPool); }
    }

    private sealed class Cutting<T>(IServerStreamWriter<T> inner, Action<object?> cut) : IServerStreamWriter<T>
    {
        public WriteOptions? WriteOptions { get => inner.WriteOptions; set => inner.WriteOptions = value; }

        public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(T message, CancellationToken cancellationToken)
        {
            cut(message);
            return inner.WriteAsync(message, cancellationToken);
        }
    }

    private static string NameOf(Permission permission)
    {
        if (permission <= Permission.SignedIn) return "";
        var declared = PermissionReflection.Descriptor.FindTypeByName<EnumDescriptor>(nameof(Permission)).FindValueByNumber((int)permission).Name["PERMISSION_".Length..].ToLowerInvariant();
        var last = declared.LastIndexOf('_');
        return $"{declared[..last]}.{declared[(last + 1)..]}";
    }
}
