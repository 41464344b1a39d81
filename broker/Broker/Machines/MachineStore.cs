using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>A machine as pages show it.</summary>
internal sealed record MachineRow
{
    public Guid MachineId { get; init; }
    public string Name { get; init; } = "";
    public Guid PoolId { get; init; }
    public string PoolName { get; init; } = "";
    public string? SiteName { get; init; }
    public string State { get; init; } = "";
    public string Power { get; init; } = "";
    public bool Draining { get; init; }
    public bool Manual { get; init; }
    public DateTime StateSince { get; init; }
    public string? Address { get; init; }
    public int? Port { get; init; }
    public string? HostName { get; init; }
    public bool AgentConnected { get; init; }
    public string? AgentVersion { get; init; }
    public string? OperatingSystem { get; init; }
    public DateTime? SeenAt { get; init; }
    public int Seats { get; init; }
    public int People { get; init; }
    public Guid? SessionId { get; init; }
    public string? UserName { get; init; }
    public string? AssignedUser { get; init; }
    public bool Orphaned { get; init; }
    public bool Wakeable { get; init; }
    public string? Step { get; init; }
    public string? Error { get; init; }
}

/// <summary>One line of a machine's journal.</summary>
internal sealed record OperationRow
{
    public Guid OperationId { get; init; }
    public string Kind { get; init; } = "";
    public string Step { get; init; } = "";
    public string State { get; init; } = "";
    public int Attempts { get; init; }
    public string? Error { get; init; }
    public DateTime StartedAt { get; init; }
    public DateTime? EndedAt { get; init; }
}

/// <summary>All SQL of the machines slice.</summary>
internal sealed class MachineStore(Database database)
{
    // Who sees a machine by its people sees it while one of them is on it, and of those who are on it these only.
    private static readonly string InScope = PoolScope.Holds("m.pool_id", "s.user_id", PoolScope.AddressOf("s.session_id"));

    private static readonly string Columns = $"""
        select m.machine_id, m.name, m.pool_id, p.name as pool_name, (select l.name from site l where l.site_id = p.site_id) as site_name, m.state, m.power, m.drain_since is not null as draining, m.manual,
               m.state_since, coalesce(m.address, a.addresses[1]) as address, coalesce(m.port, a.rdp_port) as port, h.name as host_name,
               coalesce(a.connected, false) as agent_connected, a.agent_version, a.operating_system, a.seen_at,
               coalesce(p.sessions_per_machine, 1) as seats, case when p.sessions_per_machine is null then (s.session_id is not null)::int else t.people end as people,
               s.session_id, u.user_name, b.user_name as assigned_user,
               b.user_id is not null and (not b.enabled or not exists (select from entitled_person e where e.pool_id = m.pool_id and e.user_id = b.user_id)) as orphaned,
               m.manual and exists (select from wake_address w where w.machine_id = m.machine_id) as wakeable, o.step, coalesce(o.error, o.fallback, f.error) as error
          from machine m
          join pool p using (pool_id)
          left join host h on h.host_id = m.host_id
          left join machine_agent a on a.machine_id = m.machine_id
          left join lateral (select x.session_id, x.user_id from session x where x.machine_id = m.machine_id and x.state <> 'ended' and {PoolScope.Holds("m.pool_id", "x.user_id", PoolScope.AddressOf("x.session_id"))} order by x.started_at limit 1) s on true
          left join lateral (select count(*)::int as people from session x where p.sessions_per_machine is not null and x.machine_id = m.machine_id and x.state <> 'ended') t on true
          left join app_user u on u.user_id = s.user_id
          left join app_user b on b.user_id = m.assigned_user_id and {PoolScope.Holds("m.pool_id", "b.user_id")}
          left join operation o on o.machine_id = m.machine_id and o.state = 'running'
          left join lateral (select error from operation l where l.machine_id = m.machine_id and m.state in ('faulted', 'unreachable') order by l.started_at desc limit 1) f on true
        """;

    public async Task<IReadOnlyList<MachineRow>> AllAsync(PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<MachineRow>(new CommandDefinition($"{Columns} where {InScope} order by m.name", new { scope.Pools, scope.Groups, scope.Ends }, commandTimeout: 30, cancellationToken: ct))).AsList();
    }

    public async Task<IReadOnlyList<MachineRow>> OfPoolAsync(PoolId pool, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<MachineRow>(new CommandDefinition($"{Columns} where m.pool_id = @pool order by m.name", new { pool = pool.Value, PoolScope.Everything.Pools, PoolScope.Everything.Groups, PoolScope.Everything.Ends }, cancellationToken: ct))).AsList();
    }

    public async Task<IReadOnlyList<MachineRow>> SomeAsync(Guid[] ids, PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<MachineRow>(new CommandDefinition($"{Columns} where m.machine_id = any(@ids) and {InScope}", new { ids, scope.Pools, scope.Groups, scope.Ends }, cancellationToken: ct))).AsList();
    }

    /// <summary>Which machine an operation, session or agent change is about, and which pool may now have a free machine.</summary>
    public async Task<IReadOnlyList<PoolId>> PoolsWithFreeAsync(Guid[] machines, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new CommandDefinition("""
            select distinct m.pool_id
              from machine m join pool p using (pool_id)
             where m.machine_id = any(@machines)
               and (m.state = 'available' or (p.sessions_per_machine is not null and m.state in ('reserved', 'in_use')))
            """, new { machines }, cancellationToken: ct))).Select(id => new PoolId(id)).ToList();
    }

    public async Task<IReadOnlyList<OperationRow>> JournalAsync(MachineId machine, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<OperationRow>(new CommandDefinition("""
            select operation_id, kind, step, state, attempts, coalesce(error, fallback) as error, started_at, ended_at
              from operation
             where machine_id = @machine
             order by started_at desc
             limit 50
            """, new { machine = machine.Value }, cancellationToken: ct))).AsList();
    }

    /// <summary>True when there is a record of the machine, whatever its state.</summary>
    public async Task<bool> IsRecordedAsync(MachineId machine, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition("select exists (select from machine where machine_id = @machine)", new { machine = machine.Value }, cancellationToken: ct));
    }

    /// <summary>Adds an existing computer to a manual pool; null when the pool is not there or not manual.</summary>
    public async Task<bool?> AddManualAsync(PoolId pool, MachineId machine, string name, string? address, int? port, HostId? host, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var row = await connection.QuerySingleAsync<(bool PoolIsManual, bool Added)>("""
            with wanted as materialized (
                select pool_id from pool where pool_id = @pool and kind = 'manual' and not deleting
            ), added as (
                insert into machine (machine_id, pool_id, name, ordinal, manual, state, address, port, host_id)
                     select @machine, pool_id, @name,
                            (select coalesce(max(ordinal), 0) + 1 from machine where pool_id = @pool), true, 'provisioning', @address, @port, @host
                       from wanted
                on conflict do nothing
                  returning machine_id, name
            ), resized as (
                update pool set size = (select count(*) from machine where pool_id = @pool) + 1
                 where pool_id = @pool and exists (select from added)
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, 'machine.add', 'machine', machine_id, name, @source from added
            )
            select exists (select from wanted), exists (select from added)
            """, new { pool = pool.Value, machine = machine.Value, name, address, port, host = host?.Value, actor, source });
        return row.PoolIsManual ? row.Added : null;
    }

    /// <summary>Sets or lifts the drain flag; false when there is no such machine.</summary>
    public async Task<bool> SetDrainAsync(MachineId machine, bool drain, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with changed as (
                update machine
                   set drain_since = case when @drain then coalesce(drain_since, now()) end, drained_with_rollout = false
                 where machine_id = @machine
             returning machine_id, name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, case when @drain then 'machine.drain' else 'machine.undrain' end, 'machine', machine_id, name, @source from changed
            """, new { machine = machine.Value, drain, actor, source }) == 1;
    }

    /// <summary>
    /// Opens a refresh or restart. Whatever session is on it ends here, because the machine under it is being stopped:
    /// for a refresh by throwing its disk away, for a restart by powering off.
    /// </summary>
    public async Task<bool> StartOverAsync(MachineId machine, OperationKind kind, OperationId operation, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with locked as materialized (   -- sessions before machines, as everywhere
                select session_id from session where machine_id = @machine and state <> 'ended' order by session_id for no key update
            ), seen as materialized (
                select machine_id, state, assigned_user_id is not null as personal from machine where machine_id = @machine and (select count(*) from locked) >= 0 for no key update
            ), chosen as (
                update machine m
                   set state = 'provisioning', state_since = now()
                 where m.machine_id = @machine and not m.manual and m.state <> 'deleting'
                   and exists (select from seen)
             returning m.machine_id, m.name, m.pool_id
            ), over as (
                update session s
                   set state = 'ended', state_since = now(), ended_at = now(), end_reason = 'machine_' || @kind
                  from chosen
                 where s.machine_id = chosen.machine_id and s.state <> 'ended'
             returning s.session_id
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, 'machine.' || @kind, 'machine', machine_id, name, @source from chosen
            )
            -- Before it begins it can be taken back where nobody else could come upon what somebody left: on a machine that nobody was on, or a person's own.
            insert into operation (operation_id, kind, machine_id, step, state, cause, asked_by, resumes_to)
                 select @operation,
                        case when (select kind from pool where pool_id = chosen.pool_id) = 'floating' and exists (select from over) then 'refresh' else @kind end,
                        machine_id, 'stop', 'running', 'person', @actor,
                        case when seen.state in ('available', 'unreachable', 'faulted', 'asleep') and not exists (select from over) then seen.state
                             when seen.state in ('available', 'reserved', 'in_use') and seen.personal then 'available' end
                   from chosen join seen using (machine_id)
            on conflict (machine_id) where state = 'running' do update
                    set kind = case when operation.kind in ('provision', 'refresh') then 'refresh' else excluded.kind end,
                        step = 'stop', attempts = 0, error = null, reason = null, step_since = now(), next_attempt_at = now(),
                        cause = excluded.cause, asked_by = excluded.asked_by, resumes_to = null
            """, new { machine = machine.Value, kind = SqlText.Of(kind), operation = operation.Value, actor, source }) == 1;
    }

    /// <summary>Lets a machine go for good. Answers what stood in the way, or null.</summary>
    public async Task<RefusalReason?> RemoveAsync(MachineId machine, OperationId operation, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var row = await connection.QuerySingleAsync<(bool There, bool Chosen)>("""
            with seen as materialized (
                select machine_id from machine where machine_id = @machine and state <> 'deleting'
            ), chosen as (
                update machine m
                   set state = 'deleting', state_since = now()
                 where m.machine_id = @machine and m.state not in ('deleting', 'reserved', 'in_use')
                   and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
             returning m.machine_id, m.name, m.pool_id
            ), smaller as (
                update pool set size = greatest(size - 1, 0) from chosen where pool.pool_id = chosen.pool_id
            ), opened as (
                insert into operation (operation_id, kind, machine_id, step, state, cause, asked_by)
                     select @operation, 'delete', machine_id, 'stop', 'running', 'person', @actor from chosen
                on conflict (machine_id) where state = 'running' do update
                        set kind = 'delete', step = 'stop', attempts = 0, error = null, reason = null, step_since = now(), next_attempt_at = now(),
                            cause = excluded.cause, asked_by = excluded.asked_by, resumes_to = null
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, 'machine.remove', 'machine', machine_id, name, @source from chosen
            )
            select exists (select from seen), exists (select from chosen)
            """, new { machine = machine.Value, operation = operation.Value, actor, source });
        return row switch { { There: false } => RefusalReason.NotFound, { Chosen: false } => RefusalReason.InUse, _ => null };
    }
}
