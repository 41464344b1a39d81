using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>SQL of roll-outs as administrators ask for and see them; what a step reads and writes is in RolloutStore.Steps.cs.</summary>
internal sealed partial class RolloutStore(Database database)
{
    private const string Columns = """
        select r.rollout_id, r.pool_id, p.name as pool_name, r.from_version_id, f.name || ' ' || f.number as from_name,
               r.to_version_id, t.name || ' ' || t.number as to_name, r.state, r.state_since, r.canaries, r.wave_percent, r.keep_ready, r.slowdown_percent,
               r.force_at, (extract(epoch from r.warn_before) / 60)::int as warn_minutes, r.warned_at, r.asked_by, r.started_at, r.ended_at,
               r.halt_reason, r.halt_detail, r.waiting_reason, case when r.state = 'halted' then r.halted_in end as halted_in, r.old_logon_ms,
               (select max(b.logon_ms) from rollout_probe b where b.rollout_id = r.rollout_id) as new_logon_ms,
               coalesce(c.machines_old, 0) as machines_old, coalesce(c.machines_new, 0) as machines_new, coalesce(c.changing, 0) as changing,
               coalesce(c.in_use_old, 0) as in_use_old, coalesce(c.ready, 0) as ready, coalesce(c.personal, 0) as personal
          from rollout r
          join pool p using (pool_id)
          join image_version f on f.image_version_id = r.from_version_id
          join image_version t on t.image_version_id = r.to_version_id
          left join lateral (select count(*) filter (where not personal and image_version_id is distinct from r.to_version_id)::int as machines_old,
                                    count(*) filter (where not personal and image_version_id = r.to_version_id)::int as machines_new,
                                    count(*) filter (where not personal and state = 'provisioning')::int as changing,
                                    count(*) filter (where not personal and occupied and image_version_id is distinct from r.to_version_id)::int as in_use_old,
                                    count(*) filter (where not personal and state = 'available' and drain_since is null)::int as ready,
                                    count(*) filter (where personal)::int as personal
                               from (select m.*, m.assigned_user_id is not null as personal,
                                            exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended') as occupied
                                       from machine m
                                      where m.pool_id = r.pool_id and not m.manual and m.state <> 'deleting' and r.ended_at is null) m) c on true
        """;

    /// <summary>Newest first; of one pool, or of all.</summary>
    public async Task<IReadOnlyList<RolloutRow>> ListAsync(Guid? pool, PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<RolloutRow>(new CommandDefinition(
            $"{Columns} where not p.deleting and (@pool::uuid is null or r.pool_id = @pool) and (@Pools::uuid[] is null or r.pool_id = any(@Pools)) order by r.started_at desc limit 200", new { pool, scope.Pools }, cancellationToken: ct))).AsList();
    }

    public async Task<RolloutRow?> OneAsync(RolloutId rollout, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<RolloutRow>(new CommandDefinition($"{Columns} where r.rollout_id = @rollout", new { rollout = rollout.Value }, cancellationToken: ct));
    }

    /// <summary>The synthetic log-ons of these roll-outs, in the order in which they were asked for.</summary>
    public async Task<ILookup<Guid, ProbeRow>> ProbesAsync(Guid[] rollouts, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<ProbeRow>(new CommandDefinition("""
            select b.rollout_id, b.machine_id, m.name as machine_name, b.state, g.name as gateway_name, b.began_at, b.ended_at,
                   b.redeemed_ms, b.started_ms, b.picture_ms, b.logon_ms, b.reason
              from rollout_probe b
              join machine m using (machine_id)
              left join gateway g on g.gateway_id = b.gateway_id
             where b.rollout_id = any(@rollouts)
             order by b.asked_at
            """, new { rollouts }, cancellationToken: ct));
        return rows.ToLookup(r => r.RolloutId);
    }

    /// <summary>Starts one. Answers what stood in the way, or null. The median of log-ons that pass for "the old version" is fixed here.</summary>
    public async Task<(RefusalReason Reason, string Field)?> StartAsync(NewRollout wanted, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        try
        {
            var row = await connection.QuerySingleAsync<(bool Pool, bool Made, bool Version, bool Same, bool Started)>("""
                with seen as materialized (
                    select p.pool_id, p.name, p.kind, p.image_version_id,
                           (select count(*)::int from machine m where m.pool_id = p.pool_id and m.state = 'available' and m.drain_since is null and m.assigned_user_id is null) as ready
                      from pool p where p.pool_id = @Pool and not p.deleting for update
                ), version as materialized (
                    select image_version_id, name || ' ' || number as label from image_version where image_version_id = @Version and state in ('publishing', 'ready') for share
                ), old as materialized (
                    select percentile_disc(0.5) within group (order by extract(epoch from d.ended_at - a.started_at) * 1000)::integer as ms
                      from session s
                      join logon_phase a on a.session_id = s.session_id and a.name = 'authenticate'
                      join logon_phase d on d.session_id = s.session_id and d.name = 'desktop' and d.ended_at is not null
                     where s.pool_id = @Pool and not s.synthetic and s.started_at > now() - interval '30 days'
                       and s.started_at > coalesce((select max(ended_at) from rollout where pool_id = @Pool and state = 'done'), '-infinity')
                ), started as (
                    insert into rollout (rollout_id, pool_id, from_version_id, to_version_id, state, canaries, wave_percent, keep_ready, slowdown_percent,
                                         start_within, force_at, warn_before, old_logon_ms, asked_by)
                         select @Id, s.pool_id, s.image_version_id, v.image_version_id, 'canary', @Canaries, @WavePercent, coalesce(@KeepReady, s.ready / 2), @SlowdownPercent,
                                @StartWithin, @ForceAt, @WarnBefore, (select ms from old), @actor
                           from seen s, version v
                          where s.kind <> 'manual' and s.image_version_id <> v.image_version_id
                      returning rollout_id, pool_id
                ), nobody as (   -- who makes synthetic log-ons; there once the first roll-out is
                    insert into app_user (user_id, user_name, display_name, synthetic)
                         select '00000000-0000-7000-8000-000000000001', 'montalegre-probe', 'Montalegre', true from started
                    on conflict do nothing
                ), audited as (
                    insert into audit_event (actor, action, object_kind, object_id, object_name, source_address, reference)
                         select @actor, 'rollout.start', 'pool', st.pool_id, s.name, @source, v.label from started st, seen s, version v
                )
                select exists (select from seen), exists (select from seen where kind <> 'manual'), exists (select from version),
                       exists (select from seen where image_version_id = @Version), exists (select from started)
                """, new
            {
                wanted.Id, wanted.Pool, wanted.Version, wanted.Canaries, wanted.WavePercent, wanted.KeepReady, wanted.SlowdownPercent, wanted.StartWithin, wanted.ForceAt, wanted.WarnBefore,
                actor, source,
            });
            return row switch
            {
                { Started: true } => null,
                { Pool: false } => (RefusalReason.PoolUnknown, "pool_id"),
                { Made: false } => (RefusalReason.NotSupported, "pool_id"),
                { Version: false } => (RefusalReason.ImageMissing, "image_version_id"),
                _ => (RefusalReason.InvalidField, "image_version_id: the pool has this version"),
            };
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return (RefusalReason.RolloutRunning, "pool_id"); }
    }

    /// <summary>An administrator stops it. False when it is not in a state that can be stopped.</summary>
    public async Task<bool> HaltAsync(RolloutId rollout, string actor, string source) =>
        await ByHandAsync(rollout, "halted", ["canary", "proving", "waves"], "rollout.halt", actor, source);

    /// <summary>An administrator takes it back. False when it is not in a state from which it goes back.</summary>
    public async Task<bool> RollBackAsync(RolloutId rollout, string actor, string source) =>
        await ByHandAsync(rollout, "rolling_back", ["canary", "proving", "waves", "halted"], "rollout.rollback", actor, source);

    /// <summary>An administrator lets a halted one go on: with the waves if it was there, else with proving. False when it is not halted.</summary>
    public async Task<bool> ResumeAsync(RolloutId rollout, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        // Who was warned of a force was not forced at that time: all are warned again, and have the whole time.
        return await connection.ExecuteAsync("""
            with resumed as (
                update rollout
                   set state = case halted_in when 'waves' then 'waves' else 'canary' end, state_since = now(), resumed_at = now(), halted_in = null, warned_at = null
                 where rollout_id = @rollout and state = 'halted'
             returning pool_id
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'rollout.resume', 'pool', p.pool_id, p.name, @source from resumed join pool p using (pool_id)
            """, new { rollout = rollout.Value, actor, source }) == 1;
    }

    private async Task<bool> ByHandAsync(RolloutId rollout, string to, string[] from, string action, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with changed as (
                update rollout set state = @to, state_since = now(), waiting_reason = null, halted_in = case @to when 'halted' then state end
                 where rollout_id = @rollout and state = any(@from)
             returning pool_id
            ), reopened as (
                update machine m set drain_since = null, drained_with_rollout = false
                  from changed
                 where m.pool_id = changed.pool_id and m.drained_with_rollout
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, @action, 'pool', p.pool_id, p.name, @source from changed join pool p using (pool_id)
            """, new { rollout = rollout.Value, to, from, action, actor, source }) == 1;
    }
}
