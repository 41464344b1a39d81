using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>An open roll-out with what its next step is decided from.</summary>
internal sealed record OpenRollout(RolloutId Rollout, PoolId Pool, string PoolName, RolloutFacts Facts, RefusalReason? Waiting, IReadOnlyList<OpenSession> SessionsOnOld);

/// <summary>A person's session on a machine of the old version.</summary>
internal sealed record OpenSession(SessionId Session, MachineId Machine);

/// <summary>A synthetic log-on whose session should be over now.</summary>
internal sealed record OverProbe(Guid ProbeId, Guid SessionId, string State);

// Every write is guarded by the state it was decided from, so that a second leader or a late one changes nothing.
internal sealed partial class RolloutStore
{
    // What the roll-out drained takes people again.
    private const string Reopen = """
        update machine m set drain_since = null, drained_with_rollout = false
          from rollout r
         where r.rollout_id = @rollout and m.pool_id = r.pool_id and m.drained_with_rollout
        """;

    /// <summary>All open ones, each with its machines.</summary>
    public async Task<IReadOnlyList<OpenRollout>> OpenAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var open = (await connection.QueryAsync<OpenRow>(new CommandDefinition("""
            select r.rollout_id, r.pool_id, p.name as pool_name, r.state, r.canaries, r.wave_percent, r.keep_ready, r.slowdown_percent, r.old_logon_ms, r.waiting_reason,
                   case when r.force_at is null then 'none'
                        when r.warned_at is null and now() >= r.force_at - r.warn_before then 'warn'
                        when now() >= r.force_at and now() >= r.warned_at + r.warn_before then 'due'
                        else 'none' end as force,
                   exists (select from gateway g where g.connected) as gateway_there
              from rollout r join pool p using (pool_id)
             where r.ended_at is null and not p.deleting
             order by r.started_at
            """, cancellationToken: ct))).AsList();
        var all = new List<OpenRollout>();
        foreach (var row in open)
        {
            var machines = (await connection.QueryAsync<MachineRow>(new CommandDefinition("""
                select m.machine_id, m.state, m.canary_of is not null as canary, m.assigned_user_id is not null as assigned, m.drain_since is not null as draining,
                       s.session_id, coalesce(s.people, 0) as people, s.real_sessions, p.sessions_per_machine as seats, m.drained_with_rollout as emptying,
                       -- What is at its first step takes the version that is wanted of it now.
                       coalesce(case when o.step = 'stop' and o.kind in ('provision', 'refresh') then w.image_version_id else m.image_version_id end = r.to_version_id, false) as on_new,
                       m.used_generation = m.generation is true
                       or exists (select from rollout_probe u where u.machine_id = m.machine_id and u.generation = m.generation and u.state <> 'asked') as used,
                       case when m.state = 'faulted' then coalesce((select l.reason from operation l where l.machine_id = m.machine_id and l.reason is not null order by l.started_at desc limit 1), @broken)
                            when m.canary_of is not null and t.state not in ('publishing', 'ready') then @missing
                            when o.attempts >= 2 and o.reason not in (@away, @missing) then o.reason
                            when m.canary_of is not null and o.step = 'await_agent' and o.step_since < now() - r.start_within then @silent
                            when m.canary_of is not null and m.state = 'unreachable' and m.state_since < now() - r.start_within then @silent end as failure,
                       o.error as failure_detail,
                       coalesce(b.passed, false) as passed, b.logon_ms, b.failed, coalesce(b.running, false) as running, coalesce(b.lost, 0) as lost
                  from machine m
                  join rollout r on r.rollout_id = @rollout
                  join image_version t on t.image_version_id = r.to_version_id
                  cross join lateral wanted_image(m.canary_of, m.pool_id) w
                  left join operation o on o.machine_id = m.machine_id and o.state = 'running'
                  join pool p on p.pool_id = m.pool_id
                  left join lateral (select (array_agg(x.session_id order by x.started_at))[1] as session_id, count(*)::int as people,
                                            array_agg(x.session_id) filter (where not x.synthetic) as real_sessions
                                       from session x where x.machine_id = m.machine_id and x.state <> 'ended') s on true
                  left join lateral (select bool_or(state = 'passed') as passed, max(logon_ms) filter (where state = 'passed') as logon_ms,
                                            max(reason) filter (where state = 'failed') as failed, bool_or(ended_at is null) as running,
                                            (count(*) filter (where state = 'lost' and asked_at >= coalesce(r.resumed_at, r.started_at)))::int as lost
                                       from rollout_probe b where b.rollout_id = r.rollout_id and b.machine_id = m.machine_id) b on true
                 where m.pool_id = r.pool_id and not m.manual and m.state <> 'deleting'
                 order by m.ordinal
                """, new
            {
                rollout = row.RolloutId, broken = nameof(RefusalReason.ProvisioningFailed), away = nameof(RefusalReason.HostUnavailable),
                missing = nameof(RefusalReason.ImageMissing), silent = nameof(RefusalReason.AgentSilent),
            }, cancellationToken: ct))).AsList();
            all.Add(row.With(machines));
        }
        return all;
    }

    /// <summary>Goes to the next state. A pool that got there has the new version from now on, and canaries are nobody's but the pool's.</summary>
    public async Task<bool> BecomeAsync(RolloutId rollout, RolloutState from, RolloutState to, RolloutFailure? halt)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await using var all = await connection.BeginTransactionAsync(CancellationToken.None);
        var changed = await connection.ExecuteAsync("""
            with changed as (
                update rollout
                   set state = @to, state_since = now(), waiting_reason = null, ended_at = case when @over then now() end,
                       halt_reason = coalesce(@reason, halt_reason), halt_detail = coalesce(@detail, halt_detail)
                 where rollout_id = @rollout and state = @from
             returning pool_id, to_version_id
            ), published as (
                update pool p set image_version_id = c.to_version_id from changed c where p.pool_id = c.pool_id and @to = 'done'
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
                 select 'broker', 'rollout.' || @to, 'pool', p.pool_id, p.name, coalesce(@reason, 'ok') from changed join pool p using (pool_id)
            """, new { rollout = rollout.Value, from = SqlText.Of(from), to = SqlText.Of(to), over = !to.IsOpen(), reason = halt?.Reason.ToString(), detail = halt?.Detail }, all);
        if (changed == 1 && to != RolloutState.Waves) await connection.ExecuteAsync(Reopen, new { rollout = rollout.Value }, all);
        if (changed == 1 && to == RolloutState.Waves)
            await connection.ExecuteAsync("""
                update machine m
                   set canary_of = null,
                       state = case when m.state = 'reserved' and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended') then 'available' else m.state end,
                       state_since = now()
                 where m.canary_of = @rollout
                """, new { rollout = rollout.Value }, all);
        await all.CommitAsync(CancellationToken.None);
        return changed == 1;
    }

    /// <summary>Holds a free machine back to prove the new version, and makes it from it; false when somebody took it meanwhile.</summary>
    public async Task<bool> AddCanaryAsync(RolloutId rollout, MachineId machine, OperationId operation)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with chosen as (
                update machine m
                   set state = 'provisioning', state_since = now(), canary_of = r.rollout_id,
                       drain_since = case when m.drained_with_rollout then null else m.drain_since end, drained_with_rollout = false
                  from rollout r
                 where m.machine_id = @machine and r.rollout_id = @rollout and r.state in ('canary', 'proving') and r.pool_id = m.pool_id
                   and m.state = 'available' and m.assigned_user_id is null
                   and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
             returning m.machine_id
            )
            insert into operation (operation_id, kind, machine_id, step, state, cause)
                 select @operation, 'refresh', machine_id, 'stop', 'running', 'rollout' from chosen
            """, new { rollout = rollout.Value, machine = machine.Value, operation = operation.Value }) == 1;
    }

    /// <summary>Lets nobody new on a shared machine, so that it becomes empty; whoever is on it stays. One that IT drained is left alone.</summary>
    public async Task EmptyAsync(RolloutId rollout, RolloutState decidedIn, MachineId machine)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            update machine m
               set drain_since = now(), drained_with_rollout = true
              from rollout r
             where m.machine_id = @machine and r.rollout_id = @rollout and r.state = @state and r.pool_id = m.pool_id and m.drain_since is null
            """, new { rollout = rollout.Value, state = SqlText.Of(decidedIn), machine = machine.Value });
    }

    /// <summary>Has a machine that nobody is on made fresh, from the version that is wanted of it; a canary of a roll-out that goes back is none any more.</summary>
    public async Task<bool> RefreshAsync(RolloutId rollout, RolloutState decidedIn, MachineId machine, OperationId operation)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with chosen as (
                update machine m
                   set state = 'provisioning', state_since = now(), canary_of = case when r.state = 'rolling_back' then null else m.canary_of end,
                       drain_since = case when m.drained_with_rollout then null else m.drain_since end, drained_with_rollout = false
                  from rollout r
                 where m.machine_id = @machine and r.rollout_id = @rollout and r.state = @state and r.pool_id = m.pool_id
                   and m.state in ('available', 'reserved', 'provisioning', 'faulted', 'unreachable', 'asleep') and m.assigned_user_id is null
                   and (m.state <> 'reserved' or m.canary_of is not null)     -- somebody took it since it was looked at
                   and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
             returning m.machine_id
            )
            insert into operation (operation_id, kind, machine_id, step, state, cause)
                 select @operation, 'refresh', machine_id, 'stop', 'running', 'rollout' from chosen
            on conflict (machine_id) where state = 'running' do update
                    set kind = 'refresh', step = 'stop', attempts = 0, error = null, reason = null, step_since = now(), next_attempt_at = now(),
                        cause = excluded.cause, asked_by = '', resumes_to = null
                  where operation.kind <> 'delete'
            """, new { rollout = rollout.Value, state = SqlText.Of(decidedIn), machine = machine.Value, operation = operation.Value }) == 1;
    }

    /// <summary>Asks whichever gateway comes first to log on to a canary.</summary>
    public async Task AskProbeAsync(RolloutId rollout, MachineId machine, ProbeId probe)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            insert into rollout_probe (probe_id, rollout_id, machine_id, state, generation)
                 select @probe, r.rollout_id, m.machine_id, 'asked', m.generation
                   from machine m join rollout r on r.rollout_id = m.canary_of
                  where m.machine_id = @machine and r.rollout_id = @rollout and r.state in ('canary', 'proving') and m.state = 'reserved'
            on conflict do nothing
            """, new { rollout = rollout.Value, machine = machine.Value, probe = probe.Value });
    }

    /// <summary>
    /// Decides about synthetic log-ons that are under way: seen by gateway and agent is passed, seen by the gateway alone is not, and what
    /// nobody tells of any more is lost. Answers those whose session is to be ended now; asked again, those that still have one.
    /// </summary>
    public async Task<IReadOnlyList<OverProbe>> SettleProbesAsync(TimeSpan answerWithin, TimeSpan agentWithin)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            with measured as (
                select b.probe_id, b.state, s.state as session_state, s.logged_on_at is not null as seen, r.state as rollout_state,
                       (extract(epoch from d.ended_at - a.started_at) * 1000)::integer as logon_ms,
                       b.began_at < now() - @answerWithin as silent, b.shown_at < now() - @agentWithin as late
                  from rollout_probe b
                  join rollout r using (rollout_id)
                  left join session s on s.session_id = b.session_id
                  left join logon_phase a on a.session_id = s.session_id and a.name = 'authenticate'
                  left join logon_phase d on d.session_id = s.session_id and d.name = 'desktop'
                 where b.ended_at is null
            ), decided as (
                select probe_id, logon_ms,
                       case when rollout_state not in ('canary', 'proving') then 'lost'
                            when state = 'shown' and (logon_ms is not null or (late and seen)) then 'passed'
                            when state = 'shown' and late then 'failed'
                            when state in ('running', 'shown') and coalesce(session_state, 'ended') = 'ended' then 'lost'
                            when state = 'running' and silent then 'lost' end as to
                  from measured
            )
            update rollout_probe b
               set state = d.to, ended_at = now(), logon_ms = d.logon_ms, reason = case when d.to = 'failed' then @unseen else b.reason end
              from decided d
             where b.probe_id = d.probe_id and d.to is not null and b.ended_at is null
            """, new { answerWithin, agentWithin, unseen = nameof(RefusalReason.AgentSilent) });
        return (await connection.QueryAsync<OverProbe>("""
            select b.probe_id, b.session_id, b.state
              from rollout_probe b join session s using (session_id)
             where b.ended_at is not null and s.state <> 'ended'
            """)).AsList();
    }

    /// <summary>Records what is waited for.</summary>
    public async Task SetWaitingAsync(RolloutId rollout, RefusalReason? reason)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update rollout set waiting_reason = @reason where rollout_id = @rollout and waiting_reason is distinct from @reason and ended_at is null",
            new { rollout = rollout.Value, reason = reason?.ToString() });
    }

    /// <summary>Notes that people are being warned. Answers the one who notes it first when their sessions end: not before the whole warning time is over.</summary>
    public async Task<DateTime?> SetWarnedAsync(RolloutId rollout)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<DateTime?>(
            "update rollout set warned_at = now() where rollout_id = @rollout and warned_at is null and state = 'waves' returning greatest(force_at, now() + warn_before)", new { rollout = rollout.Value });
    }

    private sealed record OpenRow
    {
        public Guid RolloutId { get; init; }
        public Guid PoolId { get; init; }
        public string PoolName { get; init; } = "";
        public string State { get; init; } = "";
        public int Canaries { get; init; }
        public int WavePercent { get; init; }
        public int KeepReady { get; init; }
        public int SlowdownPercent { get; init; }
        public int? OldLogonMs { get; init; }
        public string? WaitingReason { get; init; }
        public string Force { get; init; } = "none";
        public bool GatewayThere { get; init; }

        public OpenRollout With(IReadOnlyList<MachineRow> machines) => new(
            new(RolloutId), new(PoolId), PoolName,
            new(SqlText.Parse<RolloutState>(State), Canaries, WavePercent, KeepReady, [.. machines.Select(m => m.ToMachine())])
            {
                OldLogOn = OldLogonMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null, SlowdownPercent = SlowdownPercent, GatewayThere = GatewayThere,
                Force = SqlText.Parse<ForceStage>(Force),
            },
            Enum.TryParse<RefusalReason>(WaitingReason, out var waiting) ? waiting : null,
            [.. machines.Where(m => m is { OnNew: false, Assigned: false }).SelectMany(m => (m.RealSessions ?? []).Select(s => new OpenSession(new(s), new(m.MachineId))))]);
    }

    private sealed record MachineRow
    {
        public Guid MachineId { get; init; }
        public string State { get; init; } = "";
        public bool Canary { get; init; }
        public bool Assigned { get; init; }
        public bool Draining { get; init; }
        public Guid? SessionId { get; init; }
        public int People { get; init; }
        public Guid[]? RealSessions { get; init; }
        public int? Seats { get; init; }
        public bool Emptying { get; init; }
        public bool OnNew { get; init; }
        public bool Used { get; init; }
        public string? Failure { get; init; }
        public string? FailureDetail { get; init; }
        public bool Passed { get; init; }
        public int? LogonMs { get; init; }
        public string? Failed { get; init; }
        public bool Running { get; init; }
        public int Lost { get; init; }

        public RolloutMachine ToMachine() => new(new(MachineId), SqlText.Parse<MachineState>(State), OnNew)
        {
            Canary = Canary, Assigned = Assigned, Draining = Draining, Occupied = SessionId is not null, Used = Used, FreeSeats = Seats - People, Emptying = Emptying,
            Failure = Failure is null ? null : new(Reason(Failure), FailureDetail ?? ""),
            Probe = this switch
            {
                { Passed: true } => new Probe.Passed(LogonMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null),
                { Failed: { } failed } => new Probe.Failed(Reason(failed)),
                { Running: true } => new Probe.Running(),
                _ => new Probe.None(Lost),
            },
        };

        private static RefusalReason Reason(string name) => Enum.TryParse<RefusalReason>(name, out var reason) ? reason : RefusalReason.ProvisioningFailed;
    }
}
