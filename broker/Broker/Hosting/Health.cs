using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Alive: the process answers. Ready: it can broker, so the database answers within a second.</summary>
internal static class Health
{
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz/live", () => "alive");
        app.MapGet("/healthz/ready", ReadyAsync);
    }

    private static async Task<IResult> ReadyAsync(NpgsqlDataSource database, PrivateCluster cluster, CancellationToken ct)
    {
        try
        {
            await using var command = database.CreateCommand("select 1");
            command.CommandTimeout = 1;
            await command.ExecuteScalarAsync(ct);
            return TypedResults.Text("ready");
        }
        catch (NpgsqlException)
        {
            var why = cluster.Trouble is { } trouble ? $"{trouble}; mend it and restart the broker" : "it does not answer";
            return TypedResults.Text($"No database: {why}.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
