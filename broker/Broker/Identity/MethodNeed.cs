using System.Collections.Frozen;
using System.Reflection;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>What a method of the administrators' API asks of its caller, as its contract says.</summary>
/// <param name="Filtered">The method is a list that cuts its rows by the caller's pools itself.</param>
/// <param name="Objects">The fields of its request that name an object which belongs to a pool.</param>
internal sealed record MethodNeed(Permission Permission, bool Filtered, IReadOnlyList<FieldDescriptor> Objects)
{
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
            options.GetExtension(PermissionExtensions.Needs), options.GetExtension(PermissionExtensions.Filtered),
            [.. method.InputType.Fields.InDeclarationOrder().Where(field => field.FieldType is FieldType.String && ScopeStore.Kinds.Contains(field.Name))])), StringComparer.Ordinal);

    /// <summary>All that are declared, by full method name.</summary>
    public static IReadOnlyDictionary<string, MethodNeed> All => Declared;

    /// <summary>Null: the contract does not say, so nobody may.</summary>
    public static MethodNeed? Of(string method) => Declared.GetValueOrDefault(method);

    /// <summary>The objects that a request names: field and text.</summary>
    public IEnumerable<(string Field, string Id)> ObjectsIn(IMessage? request) => request is null ? []
        : Objects.Select(field => (field.Name, (string)field.Accessor.GetValue(request))).Where(named => named.Item2.Length > 0);
}
