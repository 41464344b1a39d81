using Dapper;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>A step of the time-line as it was written now.</summary>
internal sealed record WrittenPhase(DateTime StartedAt, DateTime? EndedAt, string? TraceParent);

/// <summary>All SQL of the slice: here what agents write, in SessionStore.Locking.cs what locks and unlocks, in SessionStore.Timeouts.cs what sweeps do, in SessionStore.Reading.cs what pages read.</summary>
/// <remarks>
/// Every statement locks in the order session, machine, operation. Writes take no cancellation token: a cancelled
/// write may be lost although it was acknowledged (invariant 13).
/// </remarks>
internal sealed partial class SessionStore(Database database)
{
    // INVARIANT: a session ends only here, and its machine leaves its old state in the same statement, so that no crash
    // can leave a floating machine that somebody used and that looks free.
    private const string End =
        """
        with ended as (
               update session s
                  set state = 'ended', state_since = now(), ended_at = now(),
                      end_reason = case when @reason = 'logged_off' and s.timed_out = 'disconnected' then 'disconnected_too_long' else @reason end
                where s.session_id = @session
                  and s.state <> 'ended'
                  and (@machine::uuid is null or s.machine_id = @machine)
                  and (@guest::text is null or s.guest_session_id is null or s.guest_session_id = @guest)
                  and (not @onlyPending
                       or (s.state = 'pending'
                           and s.started_at <= now() - @patience
                           and not exists (select
                                             from ticket t
                                            where t.session_id = s.session_id
                                              and t.issued_at > now() - @patience)))
            returning s.session_id, s.machine_id, s.machine_name, s.end_reason, s.synthetic
        ), held as (
               select m.machine_id, m.state, p.sessions_per_machine is not null as shared,
                      case when m.manual then 'keep'
                           when e.synthetic then 'refresh'
                           when p.sessions_per_machine is not null and m.overlay_at > now() - make_interval(hours => p.renew_hours) then 'keep'
                           else p.after_log_off end as action
                 from ended e
                 join machine m on m.machine_id = e.machine_id
                 join pool p on p.pool_id = m.pool_id
                where p.sessions_per_machine is not null     -- the last of several to leave is known only when the row is locked
                   or not exists (select
                                    from session o
                                   where o.machine_id = e.machine_id
                                     and o.session_id <> e.session_id
                                     and o.state <> 'ended')
                  for no key update of m
        ), empty as materialized (
               select * from held where not shared or nobody_is_on(machine_id)
        ), told as (     -- a seat is free: whoever waits for one is to hear of it
               update machine m
                  set state = m.state
                 from held h
                where m.machine_id = h.machine_id
                  and not exists (select from empty)
        ), freed as (
               update machine m
                  set state = case h.action when 'refresh' then 'provisioning' when 'delete' then 'deleting'
                                            else case when h.state = 'unreachable' then h.state else 'available' end end,
                      state_since = case when h.state = 'unreachable' and h.action = 'keep' then m.state_since else now() end
                 from empty h
                where m.machine_id = h.machine_id
                  and (h.state in ('available', 'reserved', 'in_use', 'unreachable') or (h.state = 'provisioning' and h.action = 'delete'))
            returning m.machine_id, m.state
        ), refreshed as (
               insert into operation (operation_id, kind, machine_id, step, state, reason, cause)
                    select @operation, h.action, h.machine_id, 'stop', 'running', @reason, 'log_off'
                      from empty h
                 left join freed f on f.machine_id = h.machine_id
                     where h.action <> 'keep'
                       and h.state not in ('faulted', 'deleting')
               on conflict (machine_id) where state = 'running'
                        do update set kind = excluded.kind, step = 'stop', attempts = 0, error = null, reason = excluded.reason,
                                      step_since = now(), next_attempt_at = now(), deadline = null, cause = excluded.cause, asked_by = '', resumes_to = null
                            where operation.kind <> 'delete'
            returning machine_id
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, reference)
                    select @actor, 'session.end', 'session', session_id, machine_name, end_reason
                      from ended
        )
        select e.session_id, e.machine_id, coalesce(f.state, h.state) as machine_state,
               exists (select from refreshed) as refreshed
          from ended e
          left join held h on h.machine_id = e.machine_id
          left join freed f on f.machine_id = e.machine_id
        """;

    // Old and new state come from one locked row, so that the audit tells a logon from a reconnection.
    private const string See =
        """
        with before as (
               select session_id, state
                 from session
                where session_id = @session
                  and machine_id = @machine
                  and state <> 'ended'
                  for no key update
        ), seen as (
               update session s
                  set state            = @state,
                      state_since      = case when s.state = @state then s.state_since else now() end,
                      guest_session_id = @guest,
                      logged_on_at     = coalesce(s.logged_on_at, greatest(s.started_at, least(now(), @loggedOn::timestamptz))),
                      last_input_at    = case when @state = 'active' and s.state <> 'active' then now() else s.last_input_at end,
                      timed_out        = case when @state = 'active' then null else s.timed_out end,
                      timed_out_at     = case when s.state = @state then s.timed_out_at end,
                      idle_seconds     = case when @state = 'active' and s.state <> 'active' then @idle else coalesce(@idle, s.idle_seconds) end
                 from before b
                where s.session_id = b.session_id
                  and s.state <> 'ended'
                  and (s.state <> @state or s.guest_session_id is distinct from @guest)
            returning s.session_id, s.machine_id, s.machine_name, s.pool_id, b.state as was
        ), occupied as (
               update machine m
                  set state           = 'in_use',
                      state_since     = case when m.state = 'in_use' then m.state_since else now() end,
                      used_generation = case when p.kind = 'floating' and not m.manual then m.generation else m.used_generation end
                 from seen s
                 join pool p on p.pool_id = s.pool_id
                where m.machine_id = s.machine_id
                  and m.state in ('available', 'reserved', 'in_use')
                  and s.was = 'pending'
            returning m.machine_id
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name)
                    select machine_name,
                           case when was = 'pending' then 'session.logon'
                                when @state = 'disconnected' then 'session.disconnected'
                                else 'session.reconnected' end,
                           'session', session_id, machine_name
                      from seen
                     where was <> @state
        )
        select was from seen
        """;

    private const string Block =
        """
        with blocked as (
               update machine m
                  set state           = case when m.state = 'available' then 'in_use' else m.state end,
                      state_since     = case when m.state = 'available' then now() else m.state_since end,
                      used_generation = case when p.kind = 'floating' and not m.manual then m.generation else m.used_generation end
                 from pool p
                where m.machine_id = @machine
                  and p.pool_id = m.pool_id
                  and m.state in ('available', 'reserved', 'in_use', 'unreachable')
                  and (m.state = 'available'
                       or (p.kind = 'floating' and not m.manual and m.used_generation is distinct from m.generation))
        )
        insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, reference)
             select name, 'session.rogue', 'machine', machine_id, name, 'NOT_ALLOWED', @user
               from machine
              where machine_id = @machine
                and @first
        """;

    private const string Unblock =
        """
        with held as (
               select m.machine_id, p.kind = 'floating' and not m.manual as floating
                 from machine m
                 join pool p on p.pool_id = m.pool_id
                where m.machine_id = @machine
                  and m.state = 'in_use'
                  and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
                  for no key update of m
        ), freed as (
               update machine m
                  set state = case when h.floating then 'provisioning' else 'available' end, state_since = now()
                 from held h
                where m.machine_id = h.machine_id
                  and nobody_is_on(h.machine_id)     -- somebody may have taken a seat of a shared one meanwhile
            returning m.machine_id
        )
        insert into operation (operation_id, kind, machine_id, step, state, reason, cause)
             select @operation, 'refresh', h.machine_id, 'stop', 'running', 'rogue_session', 'log_off'
               from held h
               join freed f on f.machine_id = h.machine_id
              where h.floating
        on conflict (machine_id) where state = 'running' do nothing
        """;

    private const string Phase =
        """
        insert into logon_phase (session_id, name, started_at, ended_at)
             select session_id, @name, @startedAt, @endedAt
               from session
              where session_id = @session
                and machine_id = @machine
                and state <> 'ended'
        on conflict (session_id, name)
                 do update set ended_at = excluded.ended_at
                     where logon_phase.ended_at is null
                       and excluded.ended_at is not null
          returning started_at, ended_at, (select s.trace_parent from session s where s.session_id = @session) as trace_parent
        """;

    private const string Idle =
        """
        update session s
           set idle_seconds = v.idle
          from (select * from unnest(@machines::uuid[], @guests::text[], @idles::integer[]) as u (machine_id, guest, idle) order by machine_id) v
         where s.machine_id = v.machine_id
           and s.guest_session_id = v.guest
           and s.state <> 'ended'
           and s.idle_seconds is distinct from v.idle
        """;

    /// <summary>Ends a session and decides about its machine. Null: it had ended before, or a condition does not hold.</summary>
    public async Task<EndedSession?> EndAsync(EndRequest request, OperationId refresh)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.QuerySingleOrDefaultAsync<EndedSession>(End, new
        {
            session = request.Session.Value, reason = request.Reason.Text(), actor = request.Actor, machine = request.OnlyOn?.Value,
            guest = request.OnlyGuest, onlyPending = request.OnlyPending, patience = request.NewestTicketOlderThan, operation = refresh.Value,
        });
    }

    /// <summary>Records that the guest has the session. Null: nothing changed; else the state before.</summary>
    public async Task<string?> SeeAsync(MachineId machine, SessionId session, GuestSeen guest)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.QuerySingleOrDefaultAsync<string>(See, new
        {
            machine = machine.Value, session = session.Value, guest = guest.GuestSessionId, state = guest.Disconnected ? "disconnected" : "active",
            loggedOn = guest.LoggedOnAt?.UtcDateTime, idle = (int?)guest.Idle?.TotalSeconds,
        });
    }

    /// <summary>A guest session that came around the broker: the machine is not offered while it lasts. Audited the first time.</summary>
    public async Task BlockAsync(MachineId machine, string userName, bool first)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(Block, new { machine = machine.Value, user = Bounded.Text(userName, 100), first });
    }

    /// <summary>Nobody is on the machine any more: offered again, or refreshed first if floating.</summary>
    public async Task UnblockAsync(MachineId machine, OperationId refresh)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(Unblock, new { machine = machine.Value, operation = refresh.Value });
    }

    /// <summary>Adds a step of the time-line, or closes one that is open. The first logon's times stay; null: they were there.</summary>
    public async Task<WrittenPhase?> PhaseAsync(MachineId machine, SessionId session, string name, DateTimeOffset startedAt, DateTimeOffset? endedAt)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.QuerySingleOrDefaultAsync<WrittenPhase>(Phase, new
        {
            machine = machine.Value, session = session.Value, name, startedAt = startedAt.UtcDateTime, endedAt = endedAt?.UtcDateTime,
        });
    }

    /// <summary>Writes idle times that changed; sorted, so that two writers never wait for each other in a circle.</summary>
    public async Task IdleAsync(IReadOnlyList<IdleReport> reports)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(Idle, new
        {
            machines = reports.Select(r => r.Machine.Value).ToArray(), guests = reports.Select(r => r.GuestSessionId).ToArray(),
            idles = reports.Select(r => r.IdleSeconds).ToArray(),
        });
    }

    /// <summary>The broker's open sessions on one machine.</summary>
    public async Task<IReadOnlyList<OpenSession>> OpenOnAsync(MachineId machine, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(Guid Id, string State, string? Guest, bool Locked, bool Held)>(new CommandDefinition(
            """
            select session_id, state, guest_session_id, locked_since is not null, lock_held
              from session
             where machine_id = @machine
               and state <> 'ended'
            """, new { machine = machine.Value }, cancellationToken: ct));
        return rows.Select(r => new OpenSession(new(r.Id), SessionTexts.State(r.State), r.Guest) { Locked = r.Locked, LockHeld = r.Held }).ToList();
    }
}
