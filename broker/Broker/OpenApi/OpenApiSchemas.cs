using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Broker.OpenApi;

/// <summary>JSON schemas of messages as the REST face writes them: camelCase names, enums by name, times as RFC 3339.</summary>
internal sealed class OpenApiSchemas
{
    private const string Prefix = "montalegre.vdi.";
    private readonly SortedDictionary<string, JsonObject> _components = new(StringComparer.Ordinal);

    public JsonObject Components => new(_components.Select(c => KeyValuePair.Create<string, JsonNode?>(c.Key, c.Value)));

    /// <summary>A reference to the message's schema, which is added with all that it holds.</summary>
    public JsonObject Of(MessageDescriptor message)
    {
        var name = NameOf(message);
        if (!_components.ContainsKey(name))
        {
            _components[name] = [];   // first, because messages may hold themselves
            _components[name] = Object(message.Fields.InDeclarationOrder(), ProtoComments.Of(message.FullName));
        }
        return Reference(name);
    }

    public JsonObject Object(IEnumerable<FieldDescriptor> fields, string? description)
    {
        var properties = new JsonObject();
        foreach (var field in fields) properties[field.JsonName] = Of(field);
        return Described(new() { ["type"] = "object", ["properties"] = properties }, description);
    }

    public JsonObject Of(FieldDescriptor field)
    {
        var comment = ProtoComments.Of(field.FullName);
        if (field.RealContainingOneof is { } oneof)
            comment = $"{comment} One of: {string.Join(", ", oneof.Fields.Select(other => other.JsonName))}.".TrimStart();
        return field.IsRepeated
            ? Described(new() { ["type"] = "array", ["items"] = Single(field) }, comment)
            : Described(Single(field), comment);
    }

    public JsonObject Error()
    {
        _components["Error"] = Described(new()
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["code"] = new JsonObject { ["type"] = "integer", ["description"] = "gRPC status code." },
                ["message"] = new JsonObject { ["type"] = "string", ["description"] = "What happened and what to do, in English." },
                ["details"] = new JsonObject
                {
                    ["type"] = "array",
                    ["items"] = new JsonObject
                    {
                        ["type"] = "object",
                        ["properties"] = new JsonObject
                        {
                            ["@type"] = new JsonObject { ["type"] = "string" },
                            ["reason"] = Enum(ReasonReflection.Descriptor.EnumTypes.Single()),
                            ["domain"] = new JsonObject { ["type"] = "string" },
                            ["metadata"] = new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } },
                        },
                    },
                },
            },
        }, "google.rpc.Status with one google.rpc.ErrorInfo: its reason is the public reason code.");
        return Reference("Error");
    }

    private JsonObject Single(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message when field.MessageType.FullName == Timestamp.Descriptor.FullName => new() { ["type"] = "string", ["format"] = "date-time" },
        FieldType.Message => Of(field.MessageType),
        FieldType.Enum => Enum(field.EnumType),
        FieldType.Bool => new() { ["type"] = "boolean" },
        FieldType.Bytes => new() { ["type"] = "string", ["format"] = "byte" },
        FieldType.String => new() { ["type"] = "string" },
        FieldType.Double or FieldType.Float => new() { ["type"] = "number" },
        FieldType.UInt32 or FieldType.Fixed32 or FieldType.UInt64 or FieldType.Fixed64 => new() { ["type"] = "integer", ["minimum"] = 0 },
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => new() { ["type"] = "integer", ["format"] = "int64" },
        _ => new() { ["type"] = "integer", ["format"] = "int32" },
    };

    private JsonObject Enum(EnumDescriptor type)
    {
        var name = NameOf(type);
        _components.TryAdd(name, new() { ["type"] = "string", ["enum"] = new JsonArray([.. type.Values.Select(value => (JsonNode)value.Name)]) });
        return Reference(name);
    }

    private static string NameOf(IDescriptor type) => type.FullName.StartsWith(Prefix, StringComparison.Ordinal) ? type.FullName[Prefix.Length..] : type.FullName;

    private static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    // OpenAPI 3.1 allows a description beside a reference.
    private static JsonObject Described(JsonObject schema, string? description)
    {
        if (!string.IsNullOrEmpty(description)) schema["description"] = description;
        return schema;
    }
}
