using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>A silent computer of a scheduled manual pool that a packet may wake.</summary>
/// <param name="Owner">Whose own it is; null: anybody's.</param>
internal sealed record SleepingComputer(MachineId Machine, UserId? Owner);

/// <summary>A manual pool that follows a schedule, as its hour begins.</summary>
internal sealed record ScheduledComputers(PoolId Pool, int Size, int Ready, IReadOnlyList<SleepingComputer> Sleeping);

/// <summary>SQL of waking the computers of manual pools. A wake is an operation like others: any leader goes on with it.</summary>
internal sealed class WakeStore(Database database)
{
    /// <summary>What makes a computer <c>m</c> one that a packet may bring back.</summary>
    internal const string CanWake = "m.manual and m.state = 'unreachable' and exists (select from wake_address w where w.machine_id = m.machine_id)";

    // INVARIANT: a computer whose agent reports meanwhile is not woken: the lock waits for that and looks at its state again.
    // A change of the machine rings whoever watches it; of operations pages are not told.
    private const string Open = """
        asleep as materialized (
            select m.machine_id from machine m where m.machine_id in (select machine_id from wanted) and m.state = 'unreachable' order by m.machine_id for no key update
        ), opened as (
            insert into operation (operation_id, kind, machine_id, step, state, deadline, cause, asked_by)
                 select gen_random_uuid(), 'wake', machine_id, 'magic_packet', 'running', now() + @giveUpAfter, @cause, @askedBy from asleep
            on conflict (machine_id) where state = 'running' do nothing
              returning machine_id
        ), rung as (
            update machine m set name = m.name from opened where m.machine_id = opened.machine_id returning m.machine_id, m.name
        )
        """;

    private const string NotTried = "not exists (select from operation t where t.machine_id = m.machine_id and (t.state = 'running' or (t.kind = 'wake' and t.started_at > now() - @pause)))";

    /// <summary>Which cards wake a computer.</summary>
    public async Task<IReadOnlyList<WakeAddress>> AddressesAsync(MachineId machine, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<WakeAddress>(new CommandDefinition(
            "select mac::text as mac, host(broadcast) as broadcast, port, learned from wake_address where machine_id = @machine order by mac", new { machine = machine.Value }, cancellationToken: ct))).AsList();
    }

    /// <summary>Writes down which cards wake a computer, whole; with none, its agent's word counts again. Answers what stood in the way, or null.</summary>
    public async Task<RefusalReason?> SetAsync(MachineId machine, IReadOnlyList<WakeAddress> cards, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var (there, manual) = await connection.QuerySingleAsync<(bool There, bool Manual)>("""
            with seen as materialized (
                select machine_id, name, manual from machine where machine_id = @machine and state <> 'deleting' for no key update
            ), wanted as materialized (
                select v.mac::macaddr as mac, v.broadcast::inet as broadcast, v.port from unnest(@macs::text[], @broadcasts::text[], @ports::integer[]) v (mac, broadcast, port)
            ), dropped as (
                delete from wake_address w using seen where w.machine_id = seen.machine_id and seen.manual and w.mac not in (select mac from wanted)
            ), kept as (
                insert into wake_address (machine_id, mac, broadcast, port, learned)
                     select seen.machine_id, wanted.mac, wanted.broadcast, wanted.port, false from seen cross join wanted where seen.manual
                on conflict (machine_id, mac) do update set broadcast = excluded.broadcast, port = excluded.port, learned = false
            ), rung as (     -- a deletion alone would tell nobody
                update machine m set name = m.name from seen where m.machine_id = seen.machine_id and seen.manual
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                     select @actor, 'machine.wake_address', 'machine', machine_id, name, array_to_string(@macs::text[], ' '), @source from seen where manual
            )
            select exists (select from seen), exists (select from seen where manual)
            """, new
        {
            machine = machine.Value, macs = cards.Select(c => c.Mac).ToArray(), broadcasts = cards.Select(c => c.Broadcast).ToArray(), ports = cards.Select(c => c.Port).ToArray(),
            actor = by.UserName, source = by.SourceAddress,
        });
        return (there, manual) switch { (false, _) => RefusalReason.NotFound, (_, false) => RefusalReason.NotSupported, _ => null };
    }

    /// <summary>Begins to wake one computer because somebody says so; one that is being woken is. Answers what stood in the way, or null.</summary>
    public async Task<RefusalReason?> WakeAsync(MachineId machine, TimeSpan giveUpAfter, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var (there, able, awake) = await connection.QuerySingleAsync<(bool There, bool Able, bool Awake)>($"""
            with seen as materialized (
                select m.machine_id, m.name, m.state, m.manual and exists (select from wake_address w where w.machine_id = m.machine_id) as able
                  from machine m
                 where m.machine_id = @machine and m.state <> 'deleting'
            ), wanted as (
                select machine_id from seen where able and state = 'unreachable'
            ), {Open}, audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, 'machine.wake', 'machine', machine_id, name, @source from seen where able and state = 'unreachable'
            )
            select exists (select from seen), exists (select from seen where able), exists (select from seen where state <> 'unreachable')
            """, new { machine = machine.Value, giveUpAfter, actor = by.UserName, source = by.SourceAddress, cause = "person", askedBy = by.UserName });
        return (there, able, awake) switch { (false, _, _) => RefusalReason.NotFound, (_, false, _) or (_, _, true) => RefusalReason.NotSupported, _ => null };
    }

    /// <summary>
    /// Begins to wake what people wait for: their own computers, the ones that hold their sessions, and of those that anybody may use as
    /// many as people wait for. What did not wake is left alone for a while. Answers how many.
    /// </summary>
    public async Task<int> WakeAwaitedAsync(TimeSpan giveUpAfter, TimeSpan pause)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<int>($"""
            with asking as materialized (
                select r.pool_id, r.user_id, r.created_at from launch_request r where r.seen_at > now() - interval '15 seconds'
            ), own as materialized (
                select b.machine_id, a.pool_id, a.user_id, a.created_at from asking a join machine b on b.pool_id = a.pool_id and b.assigned_user_id = a.user_id
                 union
                select s.machine_id, a.pool_id, a.user_id, a.created_at from asking a join session s on s.pool_id = a.pool_id and s.user_id = a.user_id and s.state <> 'ended'
            ), lacking as materialized (
                select a.pool_id,
                       count(*) - (select count(*) from machine f where f.pool_id = a.pool_id and f.state = 'available' and f.drain_since is null and f.assigned_user_id is null)
                                - (select count(*) from operation o join machine f using (machine_id) where f.pool_id = a.pool_id and f.assigned_user_id is null and o.state = 'running' and o.step = 'magic_packet') as computers
                  from asking a
                 where not exists (select from own where own.pool_id = a.pool_id and own.user_id = a.user_id)
                 group by a.pool_id
            ), anybodys as (
                select m.machine_id, row_number() over (partition by m.pool_id order by g.seen_at desc nulls last, m.machine_id) as turn, l.computers
                  from lacking l join machine m using (pool_id) left join machine_agent g using (machine_id)
                 where l.computers > 0 and {CanWake} and m.assigned_user_id is null and m.drain_since is null and {NotTried}
                   and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
            ), wanted as (
                select machine_id from anybodys where turn <= computers
                 union
                select m.machine_id from own join machine m using (machine_id)
                 where {CanWake} and not exists (select from operation t where t.machine_id = m.machine_id and t.kind = 'wake' and t.ended_at >= own.created_at)
            ), {Open}
            select count(*)::int from rung
            """, new { giveUpAfter, pause, cause = "launch", askedBy = "" });
    }

    /// <summary>Manual pools that follow a schedule, with what of them sleeps and was not tried lately.</summary>
    public async Task<IReadOnlyList<ScheduledComputers>> ScheduledAsync(IEnumerable<PoolId> pools, TimeSpan pause, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(Guid Pool, int Size, int Ready, Guid Machine, Guid? Owner)>(new CommandDefinition($"""
            select p.pool_id, p.size,
                   (select count(*)::int from machine f where f.pool_id = p.pool_id and f.drain_since is null and f.assigned_user_id is null
                       and (f.state = 'available' or exists (select from operation o where o.machine_id = f.machine_id and o.state = 'running' and o.step = 'magic_packet'))) as ready,
                   m.machine_id, m.assigned_user_id
              from pool p join machine m using (pool_id) left join machine_agent g using (machine_id)
             where p.pool_id = any(@pools) and p.kind = 'manual' and not p.deleting and p.enabled and m.drain_since is null and {CanWake} and {NotTried}
             order by p.pool_id, g.seen_at desc nulls last, m.machine_id
            """, new { pools = pools.Select(p => p.Value).ToArray(), pause }, cancellationToken: ct));
        return [.. rows.GroupBy(r => (r.Pool, r.Size, r.Ready)).Select(g => new ScheduledComputers(new(g.Key.Pool), g.Key.Size, g.Key.Ready,
            [.. g.Select(r => new SleepingComputer(new(r.Machine), r.Owner is { } owner ? new UserId(owner) : null))]))];
    }

    /// <summary>Begins to wake computers that their schedule wants.</summary>
    public async Task WakeScheduledAsync(IReadOnlyList<MachineId> machines, TimeSpan giveUpAfter)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync($"""
            with wanted as (
                select m.machine_id from machine m where m.machine_id = any(@machines) and {CanWake}
            ), {Open}
            select count(*) from rung
            """, new { machines = machines.Select(m => m.Value).ToArray(), giveUpAfter, cause = "schedule", askedBy = "" });
    }

    /// <summary>Counts a packet that is about to be sent and plans the next; false: the deadline has come, and the wake has failed.</summary>
    public async Task<bool> CountAsync(OperationId operation, TimeSpan again, string didNotWake)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.QuerySingleAsync<bool>("""
            with counted as (
                update operation
                   set attempts = attempts + 1, next_attempt_at = least(now() + @again, deadline)
                 where operation_id = @operation and state = 'running' and step = 'magic_packet' and deadline > now()
             returning operation_id
            ), failed as (
                update operation o
                   set state = 'failed', ended_at = now(), error = coalesce(o.error, @didNotWake), reason = @reason
                 where o.operation_id = @operation and o.state = 'running' and o.step = 'magic_packet' and o.deadline <= now()
             returning o.machine_id
            ), rung as (
                update machine m set name = m.name from failed where m.machine_id = failed.machine_id returning m.machine_id, m.name
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
                     select 'broker', 'machine.wake', 'machine', machine_id, name, 'COMPUTER_DID_NOT_WAKE' from rung
            )
            select exists (select from counted)
            """, new { operation = operation.Value, again, didNotWake, reason = nameof(RefusalReason.ComputerDidNotWake) });
    }

    /// <summary>Records why a packet could not be sent, or that the last one could.</summary>
    public async Task NoteAsync(OperationId operation, string? error)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update operation set error = @error where operation_id = @operation and state = 'running' and step = 'magic_packet' and error is distinct from @error", new { operation = operation.Value, error });
    }
}
