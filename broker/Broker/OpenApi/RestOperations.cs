using System.Reflection;
using Google.Api;
using Google.Protobuf.Reflection;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.OpenApi;

/// <summary>One way to call one method over REST.</summary>
/// <param name="Verb">Lower case, as OpenAPI writes it.</param>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="HasBody">Every field that is not in the path is in the body; else it is in the query.</param>
/// <param name="BodyField">The one field that is the body; null: all fields that are not in the path.</param>
internal sealed record RestOperation(MethodDescriptor Method, string Verb, string Path, bool HasBody, FieldDescriptor? BodyField = null)
{
    public string FullName => $"/{Method.Service.FullName}/{Method.Name}";

    public IEnumerable<FieldDescriptor> PathFields => Method.InputType.Fields.InDeclarationOrder().Where(IsInPath);

    public IEnumerable<FieldDescriptor> OtherFields => Method.InputType.Fields.InDeclarationOrder().Where(other => !IsInPath(other));

    private bool IsInPath(FieldDescriptor field) => Path.Contains($"{{{field.Name}}}", StringComparison.Ordinal);
}

/// <summary>Reads the REST face out of the annotations in the contracts, the same that the server routes by.</summary>
internal static class RestOperations
{
    // Found, not listed: a contract that is added is in the document without anybody thinking of it.
    private static readonly FileDescriptor[] Files =
    [
        .. typeof(AdminReflection).Assembly.GetExportedTypes()
            .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static))
            .Where(property => property?.PropertyType == typeof(FileDescriptor))
            .Select(property => (FileDescriptor)property!.GetValue(null)!)
            .OrderBy(file => file.Name, StringComparer.Ordinal),
    ];

    public static IReadOnlyList<RestOperation> All { get; } =
    [
        .. from file in Files
           from service in file.Services
           from method in service.Methods
           let first = method.GetOptions()?.GetExtension(AnnotationsExtensions.Http)
           where first is not null
           from rule in first.AdditionalBindings.Prepend(first)
           select Of(method, rule),
    ];

    private static RestOperation Of(MethodDescriptor method, HttpRule rule)
    {
        var (verb, path) = rule.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => ("get", rule.Get),
            HttpRule.PatternOneofCase.Post => ("post", rule.Post),
            HttpRule.PatternOneofCase.Put => ("put", rule.Put),
            HttpRule.PatternOneofCase.Patch => ("patch", rule.Patch),
            HttpRule.PatternOneofCase.Delete => ("delete", rule.Delete),
            _ => throw new InvalidOperationException($"{method.FullName} has an http rule without a verb that OpenAPI knows"),
        };
        if (rule.Body is "" or "*") return new(method, verb, path, rule.Body == "*");
        var body = method.InputType.FindFieldByName(rule.Body)
            ?? throw new InvalidOperationException($"{method.FullName} sends its field {rule.Body} as the body, and has none of that name");
        return new(method, verb, path, true, body);
    }
}
