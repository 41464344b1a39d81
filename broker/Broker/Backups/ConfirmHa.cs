using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>Makes the running primary wait for one of its standbys at every commit, once one is there to wait for.</summary>
internal sealed class ConfirmHa(DatabaseAddress address)
{
    /// <param name="primary">Directory of its socket; null: that of the private cluster.</param>
    /// <param name="say">Told about standbys that do not stream.</param>
    /// <param name="ct">Stops before the primary is changed.</param>
    /// <returns>The setting that it has now.</returns>
    public async Task<string> RunAsync(string? primary, Action<string> say, CancellationToken ct)
    {
        var host = primary ?? address.SocketDirectory;
        var settings = new NpgsqlConnectionStringBuilder { Host = host, Username = PrivateClusterFiles.Superuser, Database = "postgres", Pooling = false, Timeout = 60 };
        try
        {
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync(ct);
            return await TurnOnAsync(connection, host, say, ct);
        }
        catch (NpgsqlException e)
        {
            throw new StartUpException($"The primary at {host} cannot be asked: {e.Message} Start it, and run this on its machine as the user that runs it.", e);
        }
    }

    private static async Task<string> TurnOnAsync(NpgsqlConnection connection, string host, Action<string> say, CancellationToken ct)
    {
        if (await RecoveredCluster.AskAsync<bool>(connection, "select pg_is_in_recovery()", ct)) throw new StartUpException($"{host} is a standby; run this where the primary is.");
        var names = await RecoveredCluster.AskAsync<string[]>(connection, $"select coalesce(array_agg(substr(slot_name, {StandbyTarget.SlotPrefix.Length + 1})::text order by slot_name), '{{}}') from pg_replication_slots where starts_with(slot_name, '{StandbyTarget.SlotPrefix}')", ct);
        if (names.Length == 0) throw new StartUpException("No standby was made. Make one, with the broker stopped: db promote-to-ha --standby=DIRECTORY");
        var streaming = await RecoveredCluster.AskAsync<string[]>(connection, "select coalesce(array_agg(application_name), '{}') from pg_stat_replication where state = 'streaming'", ct);
        if (!names.Intersect(streaming).Any())
            throw new StartUpException($"No standby streams: {string.Join(", ", names)}. Every write would wait for ever, so nothing was changed. Start one; its log says why it does not follow.");
        foreach (var missing in names.Except(streaming)) say($"Standby {missing} does not stream; start it, so that the primary goes on when another one ends");
        var setting = $"FIRST 1 ({string.Join(", ", names.Select(n => $"\"{n}\""))})";
        await RunAsync(connection, $"alter system set synchronous_standby_names = '{setting}'");
        await RunAsync(connection, "select pg_reload_conf()");
        return setting;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
