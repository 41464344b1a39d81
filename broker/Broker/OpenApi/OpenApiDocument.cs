using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.OpenApi;

/// <summary>The OpenAPI 3.1 document of the REST face, made from the contracts: it cannot say anything that the server does not do.</summary>
internal static class OpenApiDocument
{
    private const string Json = "application/json";
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text() => Make().ToJsonString(Readable);

    private static JsonObject Make()
    {
        var schemas = new OpenApiSchemas();
        var error = new JsonObject { ["description"] = "Refused; the reason code says why.", ["content"] = Content(schemas.Error()) };
        var paths = new JsonObject();
        foreach (var operation in RestOperations.All)
        {
            if (paths[operation.Path] is not JsonObject path) paths[operation.Path] = path = [];
            path[operation.Verb] = Operation(operation, schemas);
        }
        return new()
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Montalegre VDI",
                ["version"] = typeof(OpenApiDocument).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0",
                ["description"] = "The broker's public API. The same calls are there as gRPC. Sign in, then send the token as Authorization: Bearer.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas.Components,
                ["responses"] = new JsonObject { ["Refused"] = error },
                ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
            },
        };
    }

    private static JsonObject Operation(RestOperation operation, OpenApiSchemas schemas)
    {
        var method = operation.Method;
        var made = new JsonObject
        {
            ["operationId"] = $"{method.Service.Name}_{method.Name}",
            ["tags"] = new JsonArray(method.Service.Name),
        };
        if (ProtoComments.Of(method.FullName) is { } comment) made["description"] = comment;
        if (MethodAccessRules.Of(operation.FullName) is MethodAccess.Open) made["security"] = new JsonArray();

        var parameters = new JsonArray([.. operation.PathFields.Select(field => new JsonObject
        {
            ["name"] = field.Name, ["in"] = "path", ["required"] = true, ["schema"] = schemas.Of(field),
        })]);
        if (operation.HasBody)
        {
            var body = operation.BodyField is { } field ? schemas.Of(field)
                : operation.PathFields.Any() ? schemas.Object(operation.OtherFields, null)
                : schemas.Of(method.InputType);
            made["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content(body) };
        }
        else
        {
            foreach (var field in operation.OtherFields) parameters.Add(new JsonObject { ["name"] = field.JsonName, ["in"] = "query", ["schema"] = schemas.Of(field) });
        }
        if (parameters.Count > 0) made["parameters"] = parameters;

        made["responses"] = new JsonObject
        {
            ["200"] = new JsonObject
            {
                ["description"] = method.IsServerStreaming ? "A stream: one JSON message on each line, until the call ends." : "Done.",
                ["content"] = Content(schemas.Of(method.OutputType)),
            },
            ["default"] = new JsonObject { ["$ref"] = "#/components/responses/Refused" },
        };
        return made;
    }

    private static JsonObject Content(JsonObject schema) => new() { [Json] = new JsonObject { ["schema"] = schema } };
}
