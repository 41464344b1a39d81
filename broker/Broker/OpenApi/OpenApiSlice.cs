namespace Montalegre.Vdi.Broker.OpenApi;

internal static class OpenApiSlice
{
    public const string Route = "/openapi/v1.json";

    private static readonly Lazy<string> Document = new(OpenApiDocument.Text);

    public static void MapOpenApi(this WebApplication app) =>
        app.MapGet(Route, () => TypedResults.Text(Document.Value, "application/json"));

    /// <summary>The build calls <c>openapi &lt;file&gt;</c>, so that the document lies beside the program it describes.</summary>
    public static int Write(string file)
    {
        File.WriteAllText(file, Document.Value);
        return 0;
    }
}
