using System.Text.Json;
using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>Which launches to list.</summary>
internal sealed record TraceFilter(string? UserName, Guid? Pool, Guid? Session, Guid? Trace, DateTimeOffset? Before, int Limit, PoolScope? Scope = null);

/// <summary>SQL of why launches ended as they did.</summary>
internal sealed class TraceStore(Database database, [FromKeyedServices(StorageExtensions.Reports)] NpgsqlDataSource reports)
{
    private const int MostSweptAtOnce = 5000;

    // Rules that look at the pool's machines.
    private const string Looking = "'own_machine', 'free_machine', 'emptiest_machine', 'fullest_machine', 'queue'";

    internal static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    // Candidates by the launch statement's own words; whatever those leave out is named by the first thing that rules it out.
    internal const string Verdict = $"""
        case when p.sessions_per_machine is null and {LaunchStore.FreeMachine} then 'free'
             when {LaunchStore.OpenSharedMachine}
              and (select count(*) from session s where s.machine_id = m.machine_id and s.state <> 'ended') < p.sessions_per_machine then 'free'
             when m.state in ('reserved', 'in_use') then 'occupied'
             when m.state = 'provisioning' then 'preparing'
             when m.state = 'unreachable' then 'silent'
             when m.state <> 'available' then m.state
             when m.canary_of is not null then 'canary'
             when m.drain_since is not null then case when m.drained_with_host then 'host_draining' else 'draining' end
             else 'assigned' end
        """;

    /// <summary>
    /// Adds launches, or ends those that waited. The machines of their pools are counted here, a moment after the decision: looked_at says
    /// when; 'taken_now' are those that the launches of this batch themselves took. Safe to repeat.
    /// </summary>
    public Task<int> WriteAsync(IReadOnlyList<TracedLaunch> traces) => database.RepeatableAsync((connection, _) => connection.ExecuteAsync($"""
        with trace as materialized (
            select *
              from jsonb_to_recordset(@traces::jsonb) as t (
                   launch_trace_id uuid, asked_at timestamptz, ended_at timestamptz, request_id uuid, user_id uuid, pool_id uuid, client_address text, outcome text, rule text,
                   reason text, session_id uuid, machine_id uuid, attempts integer, deciding_ms double precision, waits jsonb)
        ), seen as materialized (
            select pool_id, m.name, m.assigned_user_id,
                   case when exists (select from trace t where t.machine_id = m.machine_id and t.outcome = 'started') then 'taken_now' else {Verdict} end as verdict
              from machine m join pool p using (pool_id)
             where pool_id in (select pool_id from trace where rule in ({Looking}))
        ), counted as (
            select pool_id, verdict, count(*) as machines, (array_agg(name order by name))[1:3] as names
              from seen
             group by pool_id, verdict
        ), looked as (
            select pool_id, jsonb_object_agg(verdict, jsonb_build_object('machines', machines, 'names', names)) as look
              from counted
             group by pool_id
        )
        insert into launch_trace (launch_trace_id, asked_at, ended_at, request_id, user_id, user_name, pool_id, pool_name, client_address, outcome, rule, reason,
                                  session_id, machine_id, machine_name, host_name, attempts, deciding_ms, waits, looked_at, look, own_machine_name, own_machine_verdict)
             select t.launch_trace_id, t.asked_at, t.ended_at, t.request_id, t.user_id, coalesce(u.user_name, ''), t.pool_id, coalesce(p.name, ''), t.client_address,
                    t.outcome, t.rule, t.reason, t.session_id, t.machine_id, coalesce(m.name, ''), coalesce(h.name, ''), t.attempts, t.deciding_ms, t.waits,
                    case when t.rule in ({Looking}) then clock_timestamp() end,
                    case when t.rule in ({Looking}) then coalesce(l.look, jsonb_build_object()) end,
                    coalesce(own.name, ''), coalesce(own.verdict, '')
               from trace t
               left join app_user u using (user_id)
               left join pool p using (pool_id)
               left join looked l using (pool_id)
               left join machine m on m.machine_id = t.machine_id
               left join host h on h.host_id = m.host_id
               left join seen own on own.pool_id = t.pool_id and own.assigned_user_id = t.user_id
        on conflict (launch_trace_id) do update
                set ended_at = excluded.ended_at, outcome = excluded.outcome, rule = excluded.rule, reason = excluded.reason, session_id = excluded.session_id,
                    machine_id = excluded.machine_id, machine_name = excluded.machine_name, host_name = excluded.host_name, attempts = excluded.attempts,
                    deciding_ms = excluded.deciding_ms, waits = excluded.waits
              where excluded.ended_at is not null
        """, new { traces = JsonSerializer.Serialize(traces, Json) }));

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<TraceRow>> ListAsync(TraceFilter filter, CancellationToken ct)
    {
        var scope = filter.Scope ?? PoolScope.Everything;
        await using var connection = await reports.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<TraceRow>(new CommandDefinition($"""
              select launch_trace_id, asked_at, ended_at, request_id, user_name, pool_id, pool_name, client_address, outcome, rule, reason, session_id, machine_id, machine_name,
                     host_name, attempts, deciding_ms, waits::text, looked_at, look::text, own_machine_name, own_machine_verdict
                from launch_trace
               where true
                     {(filter.UserName is null ? "" : "and user_id in (select user_id from app_user where user_name = @UserName)")}
                     {(filter.Pool is null ? "" : "and pool_id = @Pool")}
                     {(filter.Session is null ? "" : "and session_id = @Session")}
                     {(filter.Trace is null ? "" : "and launch_trace_id = @Trace")}
                     {(filter.Before is null ? "" : "and asked_at < @Before")}
                     {(scope.IsEverything ? "" : $"and {PoolScope.Holds("pool_id", "user_id", "client_address")}")}
            order by asked_at desc, launch_trace_id desc
               limit @Limit
            """, new { filter.UserName, filter.Pool, filter.Session, filter.Trace, filter.Before, filter.Limit, scope.Pools, scope.Groups, scope.Ends }, cancellationToken: ct))).AsList();
    }

    /// <summary>A pool as it is, and how fast its machines come; null when there is no such pool.</summary>
    public async Task<ReplayedPool?> PoolAsync(PoolId pool, int startsAtOnce, CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<ReplayedPool>(new CommandDefinition("""
            select p.kind, p.spare, p.spare_percent, p.sessions_per_machine, p.distribution, p.after_log_off, p.renew_hours,
                   case when p.kind = 'manual' then (select count(*)::int from machine m where m.pool_id = p.pool_id and m.state <> 'deleting') else p.size end as size,
                   start_seconds(@pool, 0.5)                                                            as start_seconds,
                   coalesce((select sum(coalesce(r.starts_at_once, @startsAtOnce))::int
                               from pool_host ph left join host_reading r using (host_id) where ph.pool_id = @pool), @startsAtOnce) as starts_at_once,
                   now() as now
              from pool p
             where p.pool_id = @pool and not p.deleting
            """, new { pool = pool.Value, startsAtOnce }, cancellationToken: ct));
    }

    /// <summary>How fast machines of those pools come, at the hosts of a pool that is not made yet, and how many of them saw a session in those days; null: all pools.</summary>
    public async Task<ReplayedDemand> DemandAsync(Guid[]? pools, Guid[] hosts, int startsAtOnce, int days, CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<ReplayedDemand>(new CommandDefinition("""
            select (select percentile_cont(0.5) within group (order by start_seconds(p.pool_id, 0.5)) from pool p where @pools::uuid[] is null or p.pool_id = any(@pools)) as start_seconds,
                   (select sum(coalesce(r.starts_at_once, @startsAtOnce))::int from unnest(@hosts) as h (host_id) left join host_reading r using (host_id))                 as starts_at_once,
                   (select count(distinct s.pool_id)::int
                      from session s
                     where (@pools::uuid[] is null or s.pool_id = any(@pools)) and not s.synthetic
                       and (s.started_at > now() - make_interval(days => @days) or s.ended_at > now() - make_interval(days => @days) or s.ended_at is null))                    as pools,
                   now() as now
            """, new { pools, hosts, startsAtOnce, days }, cancellationToken: ct));
    }

    /// <summary>The sessions of some pools since some days ago, and those that were open then; the newest, at most so many. Null: of all pools.</summary>
    public async Task<List<RecordedStay>> StaysAsync(Guid[]? pools, int days, int most, CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(string UserName, DateTime AskedAt, DateTime StartedAt, DateTime? EndedAt)>(new CommandDefinition("""
              select u.user_name, coalesce(b.started_at, s.started_at), s.started_at, s.ended_at
                from session s
                join app_user u using (user_id)
                left join logon_phase b on b.session_id = s.session_id and b.name = 'brokering'
               where (@pools::uuid[] is null or s.pool_id = any(@pools)) and not s.synthetic
                 and (s.started_at > now() - make_interval(days => @days) or s.ended_at > now() - make_interval(days => @days) or s.ended_at is null)
            order by s.started_at desc
               limit @most
            """, new { pools, days, most }, cancellationToken: ct));
        return [.. rows.Select(r => new RecordedStay(r.UserName, new(r.AskedAt, TimeSpan.Zero), r.EndedAt - r.StartedAt))];
    }

    /// <summary>
    /// Who has a machine of his own since before those days, first machine first. Whoever came for the first time within them got it then, so
    /// a replay gives that one anew.
    /// </summary>
    public async Task<List<string>> OwnersAsync(PoolId pool, int days, CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<string>(new CommandDefinition("""
              select u.user_name
                from machine m
                join app_user u on u.user_id = m.assigned_user_id
               where m.pool_id = @pool and m.state <> 'deleting'
                 and coalesce((select min(s.started_at) from session s where s.user_id = m.assigned_user_id and s.pool_id = @pool), '-infinity') < now() - make_interval(days => @days)
            order by m.ordinal
            """, new { pool = pool.Value, days }, cancellationToken: ct))).AsList();
    }

    /// <summary>Forgets what is older than it is kept, and ends what a stopped broker left waiting.</summary>
    public async Task SweepAsync(TimeSpan keep, TimeSpan longestWait, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync("""
            update launch_trace set outcome = 'lost', ended_at = now()
             where ended_at is null and asked_at < now() - @longestWait
            """, new { longestWait });
        int swept;
        do
        {
            swept = await connection.ExecuteAsync("""
                delete from launch_trace
                 where launch_trace_id in (select launch_trace_id from launch_trace where asked_at < now() - @keep order by asked_at limit @most)
                """, new { keep, most = MostSweptAtOnce });
        }
        while (swept == MostSweptAtOnce && !ct.IsCancellationRequested);
    }
}

/// <summary>A pool as a replay needs it.</summary>
internal sealed record ReplayedPool
{
    public string Kind { get; init; } = "";
    public int Size { get; init; }
    public int? Spare { get; init; }
    public bool SparePercent { get; init; }
    public int? SessionsPerMachine { get; init; }
    public string Distribution { get; init; } = "breadth";
    public string AfterLogOff { get; init; } = "";
    public int RenewHours { get; init; }
    public double? StartSeconds { get; init; }
    public int StartsAtOnce { get; init; }
    public DateTime Now { get; init; }

    public Spare SpareOf => Domain.Spare.Of(Spare, SparePercent);
}

/// <summary>What a replay needs besides a draft and its arrivals.</summary>
internal sealed record ReplayedDemand
{
    public double? StartSeconds { get; init; }
    public int StartsAtOnce { get; init; }
    public int Pools { get; init; }
    public DateTime Now { get; init; }
}

/// <summary>One kept launch.</summary>
internal sealed record TraceRow
{
    public Guid LaunchTraceId { get; init; }
    public DateTime AskedAt { get; init; }
    public DateTime? EndedAt { get; init; }
    public Guid RequestId { get; init; }
    public string UserName { get; init; } = "";
    public Guid PoolId { get; init; }
    public string PoolName { get; init; } = "";
    public string ClientAddress { get; init; } = "";
    public string Outcome { get; init; } = "";
    public string Rule { get; init; } = "";
    public string? Reason { get; init; }
    public Guid? SessionId { get; init; }
    public Guid? MachineId { get; init; }
    public string MachineName { get; init; } = "";
    public string HostName { get; init; } = "";
    public int Attempts { get; init; }
    public double DecidingMs { get; init; }
    public string Waits { get; init; } = "[]";
    public DateTime? LookedAt { get; init; }
    public string? Look { get; init; }
    public string OwnMachineName { get; init; } = "";
    public string OwnMachineVerdict { get; init; } = "";
}
