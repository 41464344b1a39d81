using Dapper;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Metrics;

/// <summary>One number of the fleet: what, and of which pool or kind and state.</summary>
internal sealed record FleetRow(string What, string Owner, string State, long Number);

/// <summary>Counts the fleet.</summary>
internal sealed class FleetStore(Database database)
{
    // People, machines and work, each by the index that the reconcilers use; pools without any count as none.
    private const string Counts =
        """
        select 'machines' as what, p.name as owner, m.state, count(*) as number
          from machine m join pool p using (pool_id)
         group by p.name, m.state
         union all
        select 'sessions', pool_name, state, count(*)
          from session
         where state <> 'ended'
         group by pool_name, state
         union all
        select 'queue', p.name, '', count(r.user_id)
          from pool p left join launch_request r on r.pool_id = p.pool_id and r.seen_at > now() - interval '15 seconds'
         where not p.deleting
         group by p.name
         union all
        select 'operations', kind, state, count(*)
          from operation
         where state = 'running'
         group by kind, state
         union all
        select 'hosts', '', case when r.reached then 'reached' else 'away' end, count(*)
          from host h left join host_reading r using (host_id)
         group by case when r.reached then 'reached' else 'away' end
        """;

    public async Task<IReadOnlyList<FleetRow>> CountAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<FleetRow>(new CommandDefinition(Counts, commandTimeout: 5, cancellationToken: ct))).AsList();
    }
}
