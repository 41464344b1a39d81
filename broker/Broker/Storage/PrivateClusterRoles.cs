using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>The roles and the database of a private cluster; repeated at every start, so that a killed first start is mended.</summary>
internal static class PrivateClusterRoles
{
    /// <summary>Reads everything, changes nothing: for pg_dump and pg_basebackup.</summary>
    public const string Backup = "montalegre_backup";

    /// <summary>Adds audit rows and reads them, nothing else: for whoever seals or exports what happened.</summary>
    public const string Audit = "montalegre_audit";

    public static async Task EnsureAsync(string superuser, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(superuser);
        await connection.OpenAsync(ct);
        foreach (var role in new[] { DatabaseAddress.OwnerRole, DatabaseAddress.AppRole, Audit, Backup })
        {
            if (!await ExistsAsync(connection, "select from pg_roles where rolname = $1", role)) await RunAsync(connection, $"create role {role} login");
        }
        await RunAsync(connection, $"alter role {Backup} replication");
        await RunAsync(connection, $"grant pg_read_all_data to {Backup}");
        if (!await ExistsAsync(connection, "select from pg_database where datname = $1", DatabaseAddress.Database))
            await RunAsync(connection, $"create database {DatabaseAddress.Database} owner {DatabaseAddress.OwnerRole}");
        await RunAsync(connection, $"revoke all on database {DatabaseAddress.Database} from public");
        await RunAsync(connection, $"grant connect on database {DatabaseAddress.Database} to {DatabaseAddress.AppRole}, {Audit}, {Backup}");
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string sql, string name)
    {
        await using var command = new NpgsqlCommand($"select exists ({sql})", connection) { Parameters = { new() { Value = name } } };
        return await command.ExecuteScalarAsync(CancellationToken.None) is true;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
