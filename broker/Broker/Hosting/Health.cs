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

    private static async Task<IResult> ReadyAsync(NpgsqlDataSource database, CancellationToken ct)
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
            return TypedResults.Text("The database does not answer; the broker cannot place anybody.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
