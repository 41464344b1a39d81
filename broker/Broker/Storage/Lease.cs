using Dapper;
using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>
/// Leadership as a row with an epoch. The database's clock alone decides; every new holder gets a higher epoch, and whoever
/// acts on a hypervisor or an agent shows it, so that a holder that was frozen is refused when it thaws.
/// </summary>
internal sealed class Lease(Database database)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    /// <summary>Renews our lease or takes a free one; null when another node holds it.</summary>
    public async Task<long?> HoldAsync(string role, Guid node)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long?>("""
            insert into lease as l (role, node_id, epoch, expires_at)
                 values (@role, @node, 1, clock_timestamp() + @Lifetime)
            on conflict (role) do update
                    set epoch      = case when l.node_id = excluded.node_id and l.expires_at > clock_timestamp() then l.epoch else l.epoch + 1 end,
                        node_id    = excluded.node_id,
                        expires_at = clock_timestamp() + @Lifetime
                  where l.node_id = excluded.node_id or l.expires_at <= clock_timestamp()
              returning epoch
            """, new { role, node, Lifetime });
    }

    /// <summary>Gives the lease back, so that another node need not wait for it to run out.</summary>
    public async Task ReleaseAsync(string role, Guid node)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("update lease set expires_at = clock_timestamp() where role = @role and node_id = @node", new { role, node });
    }
}
