using Montalegre.Vdi.Broker.Hosting;
using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>Brings the schema to this program's version as its owner, one transaction a step, one node at a time.</summary>
internal sealed class Migrator(DatabaseAddress address, ILogger<Migrator> log)
{
    private const long LockKey = 0x6d6f6e74616c6567;   // "montaleg"

    /// <summary>Runs what is missing, then sets the app role's rights again.</summary>
    /// <exception cref="StartUpException">The database refuses us, or is newer than this broker.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await BringUpAsync(ct);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InvalidCatalogName)
        {
            throw new StartUpException($"The database refuses us: {e.MessageText}. Check Storage:OwnerConnectionString and the database's access rules.", e);
        }
    }

    private async Task BringUpAsync(CancellationToken ct)
    {
        var settings = new NpgsqlConnectionStringBuilder(address.Owner) { Pooling = false, CommandTimeout = 0, CancellationTimeout = -1, Timeout = 5, ApplicationName = "montalegre-migrator" };
        if (settings.Host!.Contains(',', StringComparison.Ordinal)) settings.TargetSessionAttributes = "primary";
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(ct);
        // Held until the connection closes, so that a second node waits here and then finds nothing to do.
        await ExecuteAsync(connection, $"select pg_advisory_lock({LockKey})");
        var current = await CurrentVersionAsync(connection);
        if (current > Migration.Latest)
        {
            throw new StartUpException($"The database has schema {current}, which is newer than this broker knows ({Migration.Latest}). Install the newer broker again, or restore a backup made before the upgrade.");
        }

        foreach (var migration in Migration.All.Where(m => m.Version > current))
        {
            await ApplyAsync(connection, migration);
            log.Migrated(migration.Version, migration.Name);
        }
        await ExecuteAsync(connection, SchemaGrants.For(new NpgsqlConnectionStringBuilder(address.App).Username!));
    }

    private static async Task<int> CurrentVersionAsync(NpgsqlConnection connection)
    {
        await ExecuteAsync(connection, """
            create table if not exists schema_version (
                version     integer primary key,
                name        text not null,
                applied_at  timestamptz not null default now()
            )
            """);
        await using var command = new NpgsqlCommand("select coalesce(max(version), 0) from schema_version", connection);
        return (int)(await command.ExecuteScalarAsync(CancellationToken.None))!;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration)
    {
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        await ExecuteAsync(connection, migration.Sql);
        await using var record = new NpgsqlCommand("insert into schema_version (version, name) values ($1, $2)", connection, transaction)
        {
            Parameters = { new() { Value = migration.Version }, new() { Value = migration.Name } },
        };
        await record.ExecuteNonQueryAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
    }

    // No token: a migration that was begun is finished or rolled back by the database, never cancelled half way.
    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
