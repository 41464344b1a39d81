using Dapper;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>A pool as the reconciler needs it.</summary>
internal sealed record WantedPool
{
    public Guid PoolId { get; init; }
    public int Size { get; init; }
    public int? Spare { get; init; }
    public bool SparePercent { get; init; }
    public int Waiting { get; init; }

    /// <summary>All people in the queue, those included who have a machine of their own and wait for that one.</summary>
    public int Asking { get; init; }

    /// <summary>The database's clock when it was read.</summary>
    public DateTime Now { get; init; }
    public bool Deleting { get; init; }
    public string MachineNamePattern { get; init; } = "";
    public bool ImageReady { get; init; }
    public string Placement { get; init; } = "breadth";
    public int? MostPerHost { get; init; }
    public int MemoryMib { get; init; }
    public string? PlacementReason { get; init; }

    /// <summary>People whom each machine serves at once; null where a machine is one person's.</summary>
    public int? Seats { get; init; }

    /// <summary>Something is wanted of it that no change of a machine tells of: people wait, it goes, its image is on the way, or no host took its next machine.</summary>
    public bool IsUnsettled => Asking > 0 || Deleting || !ImageReady || PlacementReason is not null;

    public PlacementRule Rule => new(SqlText.Parse<PlacementOrder>(Placement), MostPerHost, MemoryMib);

    public Spare SpareOf => Domain.Spare.Of(Spare, SparePercent);

    /// <summary>What it wants by the hour; null when it always wants the same.</summary>
    public PowerSchedule? Schedule { get; init; }
}

/// <summary>SQL of bringing pools to their size.</summary>
internal sealed class PoolStore(Database database)
{
    /// <summary>Every pool that we make machines for, or whose machines still have to go.</summary>
    /// <param name="schedules">What pools want by the hour, as it was read for this pass.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<IReadOnlyList<WantedPool>> WantedAsync(IReadOnlyDictionary<PoolId, PowerSchedule> schedules, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var wanted = (await connection.QueryAsync<WantedPool>(new CommandDefinition("""
            select p.pool_id, now() as now, case when p.deleting then 0 else p.size end as size, p.deleting, p.machine_name_pattern, p.spare, p.spare_percent,
                   p.placement, p.most_per_host, p.memory_mib, p.placement_reason, p.sessions_per_machine as seats,
                   (select count(*)::int from launch_request r where r.pool_id = p.pool_id and r.seen_at > now() - interval '15 seconds'
                       and not exists (select from machine b where b.pool_id = r.pool_id and b.assigned_user_id = r.user_id)) as waiting,
                   (select count(*)::int from launch_request r where r.pool_id = p.pool_id and r.seen_at > now() - interval '15 seconds') as asking,
                   coalesce(i.state = 'ready', false) as image_ready
              from pool p
              left join image_version i using (image_version_id)
             where p.kind <> 'manual' or p.deleting
             order by p.pool_id
            """, cancellationToken: ct))).AsList();
        return schedules.Count == 0 ? wanted : [.. wanted.Select(p => p with { Schedule = schedules.GetValueOrDefault(new(p.PoolId)) })];
    }

    /// <summary>The pools of some machines; those that are gone have none.</summary>
    public async Task<IReadOnlyList<Guid>> OfMachinesAsync(Guid[] machines, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new CommandDefinition("select distinct pool_id from machine where machine_id = any(@machines)", new { machines }, cancellationToken: ct))).AsList();
    }

    public async Task<IReadOnlyList<PoolMember>> MembersAsync(PoolId pool, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(Guid Id, int Ordinal, string State, Guid? Owner, bool Current, bool Draining, bool Leaving, int People, TimeSpan Age, bool OwnerWaits)>(new CommandDefinition("""
            select m.machine_id, m.ordinal,
                   case when m.state = 'provisioning' and exists (select from operation o where o.machine_id = m.machine_id and o.state = 'running' and o.kind = 'sleep') then 'asleep' else m.state end,
                   m.assigned_user_id,
                   -- A shared machine that has grown old is renewed when nobody is on it, as one of another image is.
                   m.manual or w.rolling_out
                   or (m.image_version_id is not distinct from w.image_version_id
                       and (p.sessions_per_machine is null or p.after_log_off = 'keep' or p.renew_hours = 0 or m.overlay_at is null
                            or m.overlay_at > now() - make_interval(hours => p.renew_hours))),
                   m.drain_since is not null,
                   h.state is distinct from 'in_service' and h.host_id is not null
                   and exists (select from pool_host o join host s using (host_id) where o.pool_id = p.pool_id and s.state = 'in_service'),
                   case when p.sessions_per_machine is null then 0
                        else (select count(*)::int from session s where s.machine_id = m.machine_id and s.state <> 'ended') end,
                   now() - m.state_since,
                   m.assigned_user_id is not null and exists (select from launch_request r where r.pool_id = m.pool_id and r.user_id = m.assigned_user_id and r.seen_at > now() - interval '15 seconds')
              from machine m join pool p using (pool_id) cross join lateral wanted_image(m.canary_of, m.pool_id) w left join host h on h.host_id = m.host_id
             where m.pool_id = @pool
            """, new { pool = pool.Value }, cancellationToken: ct));
        return rows.Select(r => new PoolMember(new(r.Id), r.Ordinal, SqlText.Parse<MachineState>(r.State), r.Owner is not null, r.Current) { Draining = r.Draining, Leaving = r.Leaving, People = r.People, StateAge = r.Age, Owner = r.Owner is { } owner ? new(owner) : null, OwnerExpected = r.OwnerWaits }).ToList();
    }

    /// <summary>The hosts of a pool with what they last said, and what was promised on them since.</summary>
    public async Task<IReadOnlyList<HostOffer>> OffersAsync(PoolId pool, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<OfferRow>(new CommandDefinition("""
            select h.host_id, h.name, h.state, coalesce(r.reached and r.read_at > now() - interval '2 minutes' and h.fenced_at is null, false) as reached,
                   coalesce(r.memory_mib, 0) as memory_mib, coalesce(r.free_memory_mib, 0) as free_memory_mib, r.cpu_pressure,
                   coalesce(sum(o.memory_mib), 0)::bigint as committed_mib, coalesce(sum(o.memory_mib) filter (where m.power <> 'on'), 0)::bigint as not_started_mib,
                   (count(*) filter (where m.pool_id = @pool))::int as of_pool
              from pool_host ph
              join host h using (host_id)
              left join host_reading r using (host_id)
              left join machine m on m.host_id = h.host_id and not m.manual
              left join pool o on o.pool_id = m.pool_id
             where ph.pool_id = @pool
             group by h.host_id, r.host_id
            """, new { pool = pool.Value }, cancellationToken: ct));
        return [.. rows.Select(r => r.ToOffer())];
    }

    /// <summary>Records why no host takes the next machine, or that one does.</summary>
    public async Task SetPlacementTroubleAsync(PoolId pool, RefusalReason? reason, string? detail)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            update pool set placement_reason = @reason, placement_detail = @detail
             where pool_id = @pool and (placement_reason, placement_detail) is distinct from (@reason, @detail)
            """, new { pool = pool.Value, reason = reason?.ToString(), detail });
    }

    /// <summary>Records a machine and the operation that makes it; false when the ordinal or name is taken meanwhile.</summary>
    public async Task<bool> AddMachineAsync(PoolId pool, MachineId machine, int ordinal, string name, HostId host, string trace, OperationId operation, int firstPort)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with wanted as (
                select p.pool_id, h.host_id, h.network = 'user' as forwarded
                  from pool p join pool_host using (pool_id) join host h using (host_id)
                 where p.pool_id = @pool and not p.deleting and h.host_id = @host and h.state = 'in_service'
            ), added as (
                insert into machine (machine_id, pool_id, name, ordinal, state, host_id, address, port)
                     select @machine, w.pool_id, @name, @ordinal, 'provisioning', w.host_id,
                            case when w.forwarded then '127.0.0.1' end,
                            case when w.forwarded then (select n
                                                          from generate_series(@firstPort, @firstPort + 9999) n
                                                         where not exists (select from machine o where o.port = n and o.address = '127.0.0.1')
                                                         limit 1) end
                       from wanted w
                on conflict do nothing
                  returning machine_id
            )
            insert into operation (operation_id, kind, machine_id, step, state, trace, cause)
                 select @operation, 'provision', machine_id, 'stop', 'running', @trace::jsonb, 'pool' from added
            """, new { pool = pool.Value, machine = machine.Value, ordinal, name, host = host.Value, trace, operation = operation.Value, firstPort }) == 1;
    }

    /// <summary>Lets a machine go that nobody uses; false when somebody took it meanwhile.</summary>
    public async Task<bool> ReleaseMachineAsync(MachineId machine, OperationId operation)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with released as (
                update machine m
                   set state = 'deleting', state_since = now()
                 where m.machine_id = @machine
                   and m.state in ('provisioning', 'available', 'faulted', 'unreachable', 'asleep')
                   and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
             returning m.machine_id
            )
            insert into operation (operation_id, kind, machine_id, step, state, cause)
                 select @operation, 'delete', machine_id, 'stop', 'running', 'pool' from released
            on conflict (machine_id) where state = 'running' do update
                    set kind = 'delete', step = 'stop', attempts = 0, error = null, reason = null,
                        step_since = now(), next_attempt_at = now(), cause = excluded.cause, asked_by = '', resumes_to = null
            """, new { machine = machine.Value, operation = operation.Value }) == 1;
    }

    /// <summary>Starts a free machine again from the pool's present image version.</summary>
    public Task<bool> RefreshFreeMachineAsync(MachineId machine, OperationId operation) => BeginAsync(machine, operation, MachineState.Available, OperationKind.Refresh, OperationStep.Stop);

    /// <summary>Switches a free machine off until it is wanted; false when somebody took it meanwhile, or an image is rolled out.</summary>
    /// <param name="machine">Which.</param>
    /// <param name="operation">What does it.</param>
    /// <param name="first">How it begins: by saving its memory, or by shutting down.</param>
    public Task<bool> PutToSleepAsync(MachineId machine, OperationId operation, OperationStep first) => BeginAsync(machine, operation, MachineState.Available, OperationKind.Sleep, first);

    /// <summary>
    /// Starts a machine that is asleep, from its saved memory where there is some; nobody's one of an older image is made anew at once.
    /// False when it is not asleep, or only just: a connection of its agent that outlived the sleep would hide that it is back.
    /// </summary>
    public Task<bool> WakeAsync(MachineId machine, OperationId operation) => BeginAsync(machine, operation, MachineState.Asleep, OperationKind.Wake, OperationStep.Stop);

    // Takes a machine out of the state it is in and begins what is to be done with it; what else must hold differs by what that is.
    private async Task<bool> BeginAsync(MachineId machine, OperationId operation, MachineState from, OperationKind kind, OperationStep first)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with chosen as (
                update machine m
                   set state = 'provisioning', state_since = now()
                 where m.machine_id = @machine and m.state = @from
                   and (@kind <> 'sleep'
                        or (not m.manual and m.host_id is not null
                            and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
                            and not exists (select from rollout r where r.pool_id = m.pool_id and r.ended_at is null)))
                   and not exists (select from operation o where o.machine_id = m.machine_id and o.state = 'running')   -- a move, most of all
                   and (@kind <> 'wake' or m.saved_at is null or m.saved_at < now() - interval '5 seconds')
             returning m.machine_id, @kind = 'wake' and m.saved_at is not null as saved,
                       @kind = 'wake' and m.assigned_user_id is null and m.image_version_id is distinct from (select w.image_version_id from wanted_image(m.canary_of, m.pool_id) w) as outdated
            )
            insert into operation (operation_id, kind, machine_id, step, state, cause, fallback)
                 select @operation, case when outdated then 'refresh' else @kind end, machine_id, case when saved and not outdated then 'restore' else @first end, 'running',
                        case when @kind = 'refresh' then 'pool' else 'schedule' end,
                        case when saved and outdated then 'Its saved memory is of an older image version; it is made anew.' end
                   from chosen
            """, new { machine = machine.Value, operation = operation.Value, from = SqlText.Of(from), kind = SqlText.Of(kind), first = SqlText.Of(first) }) == 1;
    }

    /// <summary>How long starts of a pool's machines take, at the slow end of the last ones, and how many its hosts start at once.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="parallel">Starts at once of a host whose pace is not known yet.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<StartTime> StartTimeAsync(PoolId pool, int parallel, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var (seconds, atOnce) = await connection.QuerySingleAsync<(double? Seconds, int AtOnce)>(new CommandDefinition("""
            select start_seconds(@pool, 0.9),
                   coalesce((select sum(coalesce(r.starts_at_once, @parallel))
                               from pool_host ph join host h using (host_id) left join host_reading r using (host_id)
                              where ph.pool_id = @pool and h.state = 'in_service'), @parallel)::int
            """, new { pool = pool.Value, parallel }, cancellationToken: ct));
        return new(seconds is { } known ? TimeSpan.FromSeconds(known) : StartTime.Unknown, Math.Max(1, atOnce));
    }

    /// <summary>Removes the records of pools whose last machine is gone.</summary>
    public async Task RemoveEmptyPoolsAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync("delete from pool p where p.deleting and not exists (select from machine m where m.pool_id = p.pool_id)");
    }

    private sealed record OfferRow
    {
        public Guid HostId { get; init; }
        public string Name { get; init; } = "";
        public string State { get; init; } = "";
        public bool Reached { get; init; }
        public long MemoryMib { get; init; }
        public long FreeMemoryMib { get; init; }
        public double? CpuPressure { get; init; }
        public long CommittedMib { get; init; }
        public long NotStartedMib { get; init; }
        public int OfPool { get; init; }

        public HostOffer ToOffer() => new()
        {
            Host = new(HostId), Name = Name, State = SqlText.Parse<HostState>(State), Reached = Reached, MemoryMib = MemoryMib, FreeMemoryMib = FreeMemoryMib,
            CpuPressure = CpuPressure, CommittedMib = CommittedMib, NotStartedMib = NotStartedMib, OfPool = OfPool,
        };
    }
}
