using System.Data;
using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Finds who calls with an API key: its maker, with what both of them may.</summary>
internal sealed class KeyCallers(Database database)
{
    /// <summary>Null when the key is unknown, revoked or expired, or its maker is disabled or holds no role.</summary>
    public async Task<Caller?> FindAsync(byte[] sha256, string signIn, string sourceAddress, CancellationToken ct)
    {
        var (caller, mark) = await database.RepeatableAsync(async (connection, _) =>
        {
            await using var command = connection.CreateCommand();
            command.CommandText =
                """
                select u.user_id, u.display_name, k.name, rights_of(u.user_id),
                       (select jsonb_agg(jsonb_build_array(r.name, case when r.built_in then null else r.permissions end) || s.place order by s.place)::text from scope_now(k.pool_id, k.scope_group_id, k.scope_site_id, k.scope_endpoint_group_id) as s (place)),
                       k.last_used_at is null or k.last_used_at < now() - interval '1 minute'
                  from api_key k
                  join app_user u on u.user_id = k.made_by
                  join role r on r.name = k.role
                 where k.key_sha256 = $1
                   and k.expires_at > now()
                   and u.enabled
                   and u.administrator
                """;
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = sha256 });
            await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, ct);
            if (!await row.ReadAsync(ct)) return ((Caller?)null, false);
            var name = row.GetString(2);
            return (new Caller(new(row.GetGuid(0)), $"key:{name}", $"{row.GetString(1)} ({name})", Audience.Administrator, sourceAddress, signIn)
            {
                ApiKey = name, Rights = Rights.Read(row.GetString(3)).Within(Rights.Read(row.GetString(4))),
            }, row.GetBoolean(5));
        }, ct);
        if (caller is not null && mark) await MarkUsedAsync(sha256, sourceAddress);
        return caller;
    }

    // Guarded once more: of many calls at once, on any node, one writes.
    private async Task MarkUsedAsync(byte[] sha256, string sourceAddress)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            update api_key
               set last_used_at = now(), last_used_from = @sourceAddress
             where key_sha256 = @sha256
               and (last_used_at is null or last_used_at < now() - interval '1 minute')
            """, new { sha256, sourceAddress });
    }
}
