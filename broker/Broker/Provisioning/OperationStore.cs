using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>An operation whose turn it is, with everything its next step needs.</summary>
internal sealed record DueOperation
{
    public Guid OperationId { get; init; }
    public string Kind { get; init; } = "";
    public string Step { get; init; } = "";
    public int Attempts { get; init; }
    public Guid MachineId { get; init; }
    public string Name { get; init; } = "";
    public bool Manual { get; init; }
    public Guid? HostId { get; init; }
    public int Generation { get; init; }
    public int? Port { get; init; }
    public Guid? ImageVersionId { get; init; }
    public string Network { get; init; } = "user";
    public int Cpus { get; init; }
    public int MemoryMib { get; init; }
    public int CreationFailures { get; init; }

    /// <summary>What the machine can be started from instead of booted.</summary>
    public Guid? RunningStateId { get; init; }

    /// <summary>What is known to be wrong with the step that is due; null at its first attempt.</summary>
    public string? Error { get; init; }

    public OperationKind KindOf => SqlText.Parse<OperationKind>(Kind);
    public OperationStep StepOf => SqlText.Parse<OperationStep>(Step);
}

/// <summary>SQL of the operation journal. Every change is guarded by the step it was read at, so that a late runner changes nothing.</summary>
internal sealed class OperationStore(Database database)
{
    /// <summary>A claim that a killed runner left behind runs out after this.</summary>
    private const int ClaimSeconds = 150;

    /// <summary>A new leader takes over what the old one had claimed. Machines that boot go on booting.</summary>
    public async Task TakeOverAsync()
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update operation set next_attempt_at = now() where state = 'running' and step <> 'await_agent' and next_attempt_at > now()");
    }

    /// <summary>
    /// Claims the next due operation; null when none is due. A host boots as many machines at once as its pace says, and
    /// a pool whose creation is held makes none.
    /// </summary>
    /// <param name="parallel">Machines of a host whose pace is not known yet.</param>
    /// <param name="busyHosts">Hosts that have enough steps in hand already; theirs wait.</param>
    public async Task<DueOperation?> ClaimAsync(int parallel, Guid[]? busyHosts = null)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.QuerySingleOrDefaultAsync<DueOperation>($"""
            with busy as materialized (
                select x.host_id, count(*) as starting
                  from operation b join machine x using (machine_id)
                 where b.state = 'running' and (b.step = 'await_agent' or (b.step in ('start', 'restore') and b.next_attempt_at > now()))
                 group by x.host_id
            ), due as (
                select o.operation_id
                  from operation o join machine m using (machine_id) join pool p using (pool_id)
                  left join host_reading r on r.host_id = m.host_id
                  left join busy on busy.host_id = m.host_id
                 where o.state = 'running' and o.next_attempt_at <= now()
                   and (m.host_id is null or m.host_id <> all(@busyHosts))
                   and (o.step not in ('start', 'restore') or coalesce(busy.starting, 0) < coalesce(r.starts_at_once, @parallel))
                   and (o.kind <> 'provision' or o.step not in ('stop', 'overlay') or p.creation_held_until is null or p.creation_held_until <= now())
                 order by o.next_attempt_at
                 limit 1
                   for update of o skip locked
            )
               update operation o
                  set claimed = true, resumes_to = null, next_attempt_at = now() + case when o.step = 'move_live' then @longest else interval '{ClaimSeconds} seconds' end
                 from due, machine m left join host h on h.host_id = m.host_id, pool p
                where o.operation_id = due.operation_id and m.machine_id = o.machine_id and p.pool_id = m.pool_id
            returning o.operation_id, o.kind, o.step, o.attempts, m.machine_id, m.name, m.manual, m.host_id, m.generation, m.port,
                      m.image_version_id, coalesce(h.network, 'user') as network, p.cpus, p.memory_mib, p.creation_failures, o.error,
                      (select s.running_state_id from running_state s
                        where p.instant and o.attempts = 0 and m.assigned_user_id is null and s.state = 'ready' and coalesce(h.network, 'user') = 'user'
                          and s.host_id = m.host_id and s.image_version_id = m.image_version_id and s.cpus = p.cpus and s.memory_mib = p.memory_mib) as running_state_id
            """, new { parallel, busyHosts = busyHosts ?? [], longest = OperationPlan.Deadline(OperationStep.MoveLive) });
    }

    /// <summary>Goes on to the next step. Entering <c>overlay</c> counts the machine's generation up and fixes its image version.</summary>
    public async Task<bool> AdvanceAsync(DueOperation operation, OperationStep next)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with moved as (
                update operation
                   set step = @next, step_since = now(), error = null, reason = null, claimed = false,
                       next_attempt_at = case when @next = 'await_agent' then now() + @deadline when @step = 'shut_down' then now() + @patience else now() end
                 where operation_id = @id and step = @step and kind = @kind and state = 'running'
             returning machine_id
            )
            update machine m
               set generation = case when @next = 'overlay' then m.generation + 1 else m.generation end,
                   overlay_at = case when @next = 'overlay' then now() else m.overlay_at end,
                   image_version_id = case when @next = 'overlay' then w.image_version_id else m.image_version_id end,
                   power = case @next when 'await_agent' then 'on' when 'overlay' then 'off' else m.power end
              from moved join machine t on t.machine_id = moved.machine_id cross join lateral wanted_image(t.canary_of, t.pool_id) w
             where m.machine_id = moved.machine_id
            """, new
        {
            id = operation.OperationId, step = operation.Step, kind = operation.Kind,
            next = SqlText.Of(next), deadline = OperationPlan.Deadline(next), patience = OperationPlan.ShutDownPatience,
        }) == 1;
    }

    /// <summary>Plans another attempt, or gives the machine up. Failures in a row hold the pool's creation for a while.</summary>
    /// <param name="operation">Which.</param>
    /// <param name="error">What went wrong, for a person to read.</param>
    /// <param name="reason">The same as a public reason.</param>
    /// <param name="givesUp">There is no further attempt.</param>
    /// <param name="next">Where the next attempt begins.</param>
    /// <param name="firstPort">First forwarded port, when the machine needs another one than it has; null: it keeps its own.</param>
    public async Task FailAsync(DueOperation operation, string error, RefusalReason reason, bool givesUp, OperationStep next, int? firstPort = null)
    {
        var fallsBack = operation.StepOf is OperationStep.Save or OperationStep.Restore && next != operation.StepOf;
        // A host that is away and an image on its way are no fault of what is made: it goes on as soon as they are there.
        var isOwn = operation.StepOf != OperationStep.Place && reason is not (RefusalReason.HostUnavailable or RefusalReason.ImageMissing or RefusalReason.ImageDamaged);
        var failures = operation.KindOf == OperationKind.Provision && isOwn ? operation.CreationFailures + 1 : 0;
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            with failed as (
                update operation
                   set attempts = attempts + 1, error = @error, reason = @reason, claimed = false,
                       fallback = case when @fallsBack then @error else fallback end,
                       step = @next, step_since = now(),
                       state = case when @givesUp then 'failed' else 'running' end,
                       ended_at = case when @givesUp then now() end,
                       next_attempt_at = now() + @backOff
                 where operation_id = @id and step = @step and kind = @kind and state = 'running'
             returning machine_id, operation_id
            ), silent as (
                insert into machine_start (host_id, pool_id, machine_id, asked_at, powered_on_at, ended_at, reported)
                     select m.host_id, m.pool_id, m.machine_id, o.started_at, o.step_since, now(), false
                       from failed join operation o using (operation_id) join machine m on m.machine_id = failed.machine_id
                      where @step = 'await_agent'
            ), held as (
                update pool p
                   set creation_failures = @failures, creation_error = @error, creation_held_until = now() + @hold
                  from failed join machine m using (machine_id)
                 where p.pool_id = m.pool_id and m.canary_of is null and @failures > p.creation_failures
                   and (p.creation_held_until is null or p.creation_held_until <= now())   -- those that ran beside the first are no further failures
            ), ported as (
                -- Upwards: those below are in use or were tried. Never beside given_up, as a statement changes a row once.
                update machine m
                   set port = coalesce((select n
                                          from generate_series(m.port + 1, @firstPort + 9999) n
                                         where not exists (select from machine o where o.port = n and o.address = '127.0.0.1')
                                         limit 1), m.port)
                  from failed
                 where m.machine_id = failed.machine_id and @firstPort is not null and not @givesUp and m.address = '127.0.0.1'
            ), given_up as (
                update machine m set state = 'faulted', state_since = now()
                  from failed
                 where m.machine_id = failed.machine_id and @givesUp and m.state <> 'deleting'
             returning m.machine_id, m.name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
                 select 'broker', 'machine.faulted', 'machine', machine_id, name, @reason from given_up
            """, new
        {
            id = operation.OperationId, step = operation.Step, kind = operation.Kind, error, reason = reason.ToString(),
            givesUp, fallsBack, next = SqlText.Of(next), backOff = fallsBack ? TimeSpan.Zero : OperationPlan.BackOff(operation.Attempts + 1),
            failures, hold = CreationHold.After(failures), firstPort,
        });
    }

    /// <summary>The machine is off: it sleeps until it is woken.</summary>
    /// <param name="operation">What made it so.</param>
    /// <param name="saved">Its host has its memory.</param>
    public async Task FellAsleepAsync(DueOperation operation, bool saved)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            with done as (
                update operation set state = 'done', ended_at = now(), error = null, reason = null
                 where operation_id = @id and step = @step and kind = @kind and state = 'running'
             returning machine_id
            ), asleep as (
                update machine m set state = 'asleep', state_since = now(), power = 'off', saved_at = case when @saved then now() end
                  from done
                 where m.machine_id = done.machine_id and m.state = 'provisioning'
             returning m.machine_id, m.name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name)
                 select 'broker', case when @saved then 'machine.suspended' else 'machine.asleep' end, 'machine', machine_id, name from asleep
            """, new { id = operation.OperationId, step = operation.Step, kind = operation.Kind, saved });
    }

    /// <summary>The guest has shut down: nobody needs to wait for it any longer.</summary>
    public async Task ShutDownAsync(MachineId machine)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            update operation set next_attempt_at = now()
             where machine_id = @machine and state = 'running' and kind = 'sleep' and step = 'stop' and attempts = 0 and next_attempt_at > now()
               and step_since > now() - @patience
            """, new { machine = machine.Value, patience = OperationPlan.ShutDownPatience });
    }

    /// <summary>The machine was switched on and is off again before its agent reported: that start has failed, and is not waited out.</summary>
    public async Task StoppedWhileStartingAsync(MachineId machine)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            update operation set next_attempt_at = now(), error = 'The machine stopped before its agent reported.'
             where machine_id = @machine and state = 'running' and step = 'await_agent' and next_attempt_at > now()
            """, new { machine = machine.Value });
    }

    /// <summary>A machine was found in the middle of a move that nobody is carrying out: one is begun that ends it, on one host or the other. False when something is being done to it.</summary>
    public async Task<bool> FinishMoveAsync(MachineId machine, HostId host)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            insert into operation (operation_id, kind, machine_id, step, state, cause)
                 select gen_random_uuid(), 'move', machine_id, 'move_live', 'running', 'drift' from machine where machine_id = @machine and host_id = @host and state <> 'deleting'
            on conflict (machine_id) where state = 'running' do nothing
            """, new { machine = machine.Value, host = host.Value }) == 1;
    }

    /// <summary>A host answers again: what failed because it was away is tried now.</summary>
    public async Task WakeHostAsync(HostId host, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync("""
            update operation o
               set next_attempt_at = now()
              from machine m
             where m.machine_id = o.machine_id and m.host_id = @host
               and o.state = 'running' and o.reason = @away and o.next_attempt_at > now()
            """, new { host = host.Value, away = nameof(RefusalReason.HostUnavailable) });
    }

    /// <summary>The machine is gone from its host: its record goes too.</summary>
    public async Task RemoveMachineAsync(DueOperation operation)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("delete from machine where machine_id = @machine and state = 'deleting'", new { machine = operation.MachineId });
    }

    /// <summary>Machines that gave up are tried again after a pause; a fault of the host must not need a hand for every machine.</summary>
    public async Task<int> RetryFaultedAsync(TimeSpan pause, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync("""
            with again as (
                update machine m
                   set state = 'provisioning', state_since = now()
                 where m.state = 'faulted' and not m.manual and m.state_since < now() - @pause
                   and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
                   and not exists (select from operation o where o.machine_id = m.machine_id and o.state = 'running')
             returning m.machine_id, m.assigned_user_id
            )
            -- A person's own machine keeps its disk, unless what failed was to make that disk.
            insert into operation (operation_id, kind, machine_id, step, state, cause)
                 select gen_random_uuid(),
                        case when assigned_user_id is null
                               or (select o.kind from operation o where o.machine_id = again.machine_id and o.state = 'failed' order by o.ended_at desc limit 1) in ('provision', 'refresh') then 'refresh'
                             else 'restart' end,
                        machine_id, 'stop', 'running', 'retry' from again
            """, new { pause });
    }
}
