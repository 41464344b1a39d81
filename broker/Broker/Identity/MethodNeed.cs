using System.Collections.Frozen;
using System.Reflection;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>What a method of the administrators' API asks of its caller, as its contract says.</summary>
/// <param name="Filtered">The method is a list that cuts its rows by the caller's pools itself.</param>
/// <param name="People">Who holds the permission over the people of a group may use the method on them.</param>
/// <param name="Objects">The fields of its request that name an object which belongs to a pool or a site.</param>
/// <param name="Person">The field of its request that names a person, if there is one.</param>
internal sealed record MethodNeed(Permission Permission, bool Filtered, bool People, IReadOnlyList<FieldDescriptor> Objects, FieldDescriptor? Person)
{
    private const string UserName = "user_name";
    private const string HostId = "host_id";

    /// <summary>The method only looks. Whoever acts on a machine acts on everybody who is on it.</summary>
    public bool Looks { get; } = Permission.Name().EndsWith(".read", StringComparison.Ordinal);

    private static readonly FrozenDictionary<string, MethodNeed> Declared = FrozenDictionary.ToFrozenDictionary(
        from type in typeof(Permission).Assembly.GetTypes()
        where type is { IsAbstract: true, IsSealed: true } && type.Name.EndsWith("Reflection", StringComparison.Ordinal)
        let file = type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) as FileDescriptor
        where file is not null
        from service in file.Services
        from method in service.Methods
        let options = method.GetOptions()
        where options is not null && options.GetExtension(PermissionExtensions.Needs) is not Permission.Unspecified
        select KeyValuePair.Create($"/{service.FullName}/{method.Name}", new MethodNeed(
            options.GetExtension(PermissionExtensions.Needs), options.GetExtension(PermissionExtensions.Filtered), options.GetExtension(PermissionExtensions.People),
            [.. method.InputType.Fields.InDeclarationOrder().Where(field => field.FieldType is FieldType.String && ScopeStore.Kinds.Contains(field.Name) && IsAbout(options.GetExtension(PermissionExtensions.Needs), field.Name))],
            method.InputType.FindFieldByName(UserName) is { FieldType: FieldType.String } person ? person : null)), StringComparer.Ordinal);

    // A host belongs to a site where hosts are what is asked about. Elsewhere it says where an image is taken from, or cuts a list: images are of no site.
    private static bool IsAbout(Permission permission, string field) => field is not HostId || permission is Permission.HostsRead or Permission.HostsManage;

    /// <summary>All that are declared, by full method name.</summary>
    public static IReadOnlyDictionary<string, MethodNeed> All => Declared;

    /// <summary>Null: the contract does not say, so nobody may.</summary>
    public static MethodNeed? Of(string method) => Declared.GetValueOrDefault(method);

    /// <summary>The objects that a request names: field and text.</summary>
    public IEnumerable<(string Field, string Id)> ObjectsIn(IMessage? request) => request is null ? []
        : Objects.Select(field => (field.Name, (string)field.Accessor.GetValue(request))).Where(named => named.Item2.Length > 0);

    /// <summary>The person that a request names; empty: nobody.</summary>
    public string PersonIn(IMessage? request) => request is null || Person is null ? "" : (string)Person.Accessor.GetValue(request);
}
