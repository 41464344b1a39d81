using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>What the database says about everything that has a rule, by the indexes that the reconcilers use, too.</summary>
internal sealed class AlertFacts(Database database)
{
    private const string Infrastructure =
        """
        select 'host_lost' as rule, 'host' as object_kind, h.host_id::text as key, h.name, null::uuid as pool,
               extract(epoch from now() - coalesce(r.silent_since, r.read_at))::double precision as value, '' as detail
          from host h
          join host_reading r using (host_id)
         where not r.reached
           and h.state <> 'maintenance'
         union all
        select 'gateway_lost', 'gateway', gateway_id::text, name, null, extract(epoch from now() - seen_at), ''
          from gateway
         where not connected
           and seen_at is not null
         union all
        select 'node_lost', 'node', name, name, null, extract(epoch from now() - seen_at), ''
          from broker_node
         union all
        select 'storage_full', 'volume', n.name || ':' || v.path, n.name || ': ' || v.path, null, v.used_percent, ''
          from broker_node n
         cross join jsonb_to_recordset(n.volumes) as v (path text, used_percent double precision)
         where n.seen_at > now() - interval '5 minutes'
         union all
        select 'host_storage_full', 'host', h.host_id::text, h.name, null, r.storage_used_percent, h.storage_path
          from host h
          join host_reading r using (host_id)
         where r.reached
           and r.storage_used_percent is not null
         union all
        select 'directory_fails', 'directory', directory_id::text, name, null, 1, sync_error
          from directory
         where enabled
           and sync_error <> ''
         union all
        select 'channel_failing', 'channel', c.alert_channel_id::text, c.name, null, max(d.attempts), (array_agg(d.error order by d.attempts desc))[1]
          from alert_channel c
          join alert_delivery d using (alert_channel_id)
         where c.enabled
           and d.state = 'waiting'
         group by c.alert_channel_id, c.name
        """;

    // A pool is short while somebody could ask for a machine and be told to wait; a sleeping machine wakes for whoever asks.
    private const string Pools =
        """
        select 'pool_short' as rule, 'pool' as object_kind, p.pool_id::text as key, p.name, p.pool_id as pool,
               (select count(*) from machine m
                 where m.pool_id = p.pool_id and m.drain_since is null and m.canary_of is null
                   and (m.state in ('available', 'asleep')
                        or m.state in ('reserved', 'in_use') and p.kind = 'multi_session'
                           and (select count(*) from session s where s.machine_id = m.machine_id and s.state <> 'ended') < p.sessions_per_machine))::double precision as value, '' as detail
          from pool p
         where p.kind in ('floating', 'multi_session')
           and p.enabled
           and not p.deleting
           and p.size > 0
           and (p.closed_until is null or p.closed_until <= now())
         union all
        select unnest(array['queue_long', 'queue_slow']), 'pool', p.pool_id::text, p.name, p.pool_id,
               unnest(array[count(*)::double precision, extract(epoch from now() - min(r.created_at))::double precision]), ''
          from launch_request r
          join pool p using (pool_id)
         where r.seen_at > now() - interval '15 seconds'
         group by p.pool_id, p.name
         union all
        select 'creation_failing', 'pool', pool_id::text, name, pool_id, creation_failures, coalesce(creation_error, '')
          from pool
         where creation_failures > 0
           and not deleting
         union all
        select 'rollout_halted', 'rollout', r.rollout_id::text, p.name, p.pool_id, 1, coalesce(r.halt_reason, '')
          from rollout r
          join pool p using (pool_id)
         where r.ended_at is null
           and (r.state = 'halted' or r.state = 'rolling_back' and r.halt_reason is not null)
         union all
        select 'agent_silent', 'machine', m.machine_id::text, m.name, m.pool_id, extract(epoch from now() - m.state_since), ''
          from machine m
         where m.state = 'unreachable'
           and not m.manual
           and m.power <> 'off'
         union all
        select 'logon_slow', 'pool', p.pool_id::text, p.name, p.pool_id, percentile_disc(0.95) within group (order by t.seconds), ''
          from (select s.pool_id, extract(epoch from d.ended_at - min(l.started_at))::double precision as seconds
                  from session s
                  join logon_phase d on d.session_id = s.session_id and d.name = 'desktop' and d.ended_at > now() - interval '15 minutes'
                  join logon_phase l on l.session_id = s.session_id
                 where s.started_at > now() - interval '1 hour'
                   and not s.synthetic
                 group by s.session_id, s.pool_id, d.ended_at) t
          join pool p using (pool_id)
         group by p.pool_id, p.name
        having count(*) >= 5
        """;

    // Machines and gateways renew at two thirds of the lifetime: whoever is there and has less than a sixth left could not.
    private const string Trust =
        """
        select 'certificate_ends' as rule, c.subject_kind as object_kind, c.subject_id::text as key, coalesce(m.name, g.name) as name, m.pool_id as pool,
               extract(epoch from c.not_after - now())::double precision / 86400 as value, '' as detail
          from (select distinct on (subject_kind, subject_id) subject_kind, subject_id, not_after, issued_at
                  from certificate
                 where revoked_at is null
              order by subject_kind, subject_id, not_after desc) c
          left join machine m on c.subject_kind = 'machine' and m.machine_id = c.subject_id and exists (select from machine_agent a where a.machine_id = m.machine_id and a.connected)
          left join gateway g on c.subject_kind = 'gateway' and g.gateway_id = c.subject_id and g.connected
         where coalesce(m.name, g.name) is not null
           and c.not_after - now() < (c.not_after - c.issued_at) / 6
         union all
        select 'certificate_ends', 'gateway', 'door:' || gateway_id, name || ' (' || door_subject || ')', null, extract(epoch from door_not_after - now())::double precision / 86400, ''
          from gateway
         where connected
           and door_not_after is not null
         union all
        select 'certificate_ends', 'console', 'console:' || name, name || ' (' || subject || ')', null, extract(epoch from not_after - now())::double precision / 86400, ''
          from console_certificate
         where seen_at > now() - interval '7 days'
         union all
        select 'audit_broken', 'audit', 'audit', '', null, 1, string_agg(fault || ' ' || batch_no, ', ' order by batch_no)
          from audit_fault
        having count(*) > 0
         union all
        select 'audit_stands', 'audit', 'audit', '', null, extract(epoch from now() - e.at), ''
          from audit_event e
         where e.audit_id = (select min(audit_id) from audit_open)
         union all
        select 'audit_export_stands', 'audit', 'export', x.server, null, extract(epoch from now() - b.sealed_at), x.error
          from audit_export x
          join audit_batch b on b.batch_no = x.batch_no + 1
         where x.current
        """;

    public async Task<IReadOnlyList<AlertReading>> ReadAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition($"{Infrastructure} union all {Pools} union all {Trust}", commandTimeout: 10, cancellationToken: ct));
        return [.. rows.Select(r => new AlertReading(SqlText.Parse<AlertRule>(r.Rule), r.ObjectKind, r.Key, r.Name, r.Pool is { } pool ? new PoolId(pool) : null, r.Value, r.Detail))];
    }

    private sealed record Row(string Rule, string ObjectKind, string Key, string Name, Guid? Pool, double Value, string Detail);
}
