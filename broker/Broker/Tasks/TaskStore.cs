using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Tasks;

/// <summary>A task as pages show it.</summary>
internal sealed record TaskRow
{
    public Guid TaskId { get; init; }
    public string Kind { get; init; } = "";
    public string ObjectKind { get; init; } = "";
    public Guid? ObjectId { get; init; }
    public string ObjectName { get; init; } = "";
    public bool ObjectThere { get; init; }
    public Guid? PoolId { get; init; }
    public Guid? HostId { get; init; }
    public string HostName { get; init; } = "";
    public string Cause { get; init; } = "";
    public string AskedBy { get; init; } = "";
    public string State { get; init; } = "";
    public string Step { get; init; } = "";
    public int? Percent { get; init; }
    public string? Reason { get; init; }
    public string? Error { get; init; }
    public DateTime BeganAt { get; init; }
    public DateTime? EndedAt { get; init; }
    public int Lines { get; init; }
    public string LastEvent { get; init; } = "";
    public string LastStep { get; init; } = "";
    public DateTime? LastAt { get; init; }
    public bool CanCancel { get; init; }

    public bool IsOver => EndedAt is not null;
}

/// <summary>One thing that happened while a task was done.</summary>
internal sealed record TaskLineRow(int Seq, DateTime At, string Event, string Step, string? Reason, string Detail);

/// <summary>Which tasks somebody asks for; null: no matter.</summary>
internal sealed record TaskFilter
{
    public string[]? States { get; init; }
    public string[]? Kinds { get; init; }
    public Guid? Machine { get; init; }
    public Guid? Pool { get; init; }
    public Guid? Host { get; init; }
    public string? AskedBy { get; init; }
    public DateTime? From { get; init; }
    public DateTime? Until { get; init; }
    public Guid? Before { get; init; }
}

/// <summary>SQL of the list of tasks. Its rows are written by triggers on what is done (migration 44, ADR 61) and by nothing else.</summary>
internal sealed class TaskStore(Database database)
{
    private const int MostWatched = 10_000;

    private static readonly string OfPeople = $"t.object_kind = 'machine' and exists (select from session s where s.machine_id = t.object_id and s.state <> 'ended' and {PoolScope.IsTheirs("s")})";

    private static readonly string OfSite = $"t.object_kind = 'host' and {PoolScope.IsAtSite("t.object_id")}";

    private static readonly string InScope = $"(@Pools::uuid[] is null or t.pool_id = any(@Pools) or {OfPeople} or {OfSite})";

    // What can be cancelled of an operation o. The rest of it is for leaders from before the column: they claim without clearing it.
    private const string NotBegun = "(o.step = 'magic_packet' or (o.resumes_to is not null and o.step = 'stop' and o.attempts = 0 and o.next_attempt_at <= now()))";

    // Who sees a machine by its people learns of nobody else, not even that he asked for something.
    private static readonly string Columns = $"""
        select t.task_id, t.kind, t.object_kind, t.object_id, t.object_name, t.pool_id, t.host_id, t.host_name, t.cause, t.state, t.step, t.reason, t.error, t.began_at, t.ended_at, t.lines, t.last_event, t.last_step, t.last_at,
               case when @Pools::uuid[] is null or t.pool_id = any(@Pools) or {OfSite} or exists (select from app_user u where u.user_name = t.asked_by and {PoolScope.IsOfPeople("u.user_id")}) then t.asked_by else '' end as asked_by,
               case t.object_kind when 'machine' then m.machine_id is not null when 'image' then exists (select from image_version v where v.image_version_id = t.object_id)
                                  when 'pool' then exists (select from pool p where p.pool_id = t.object_id) else exists (select from host h where h.host_id = t.object_id) end as object_there,
               case when t.kind = 'rollout' and t.ended_at is null then r.percent else t.percent end as percent,
               t.ended_at is null and case t.kind when 'import' then true when 'capture' then true when 'rollout' then t.step in ('canary', 'proving', 'waves') else coalesce({NotBegun}, false) end as can_cancel
          from task t
          left join machine m on t.object_kind = 'machine' and m.machine_id = t.object_id
          left join operation o on t.ended_at is null and o.operation_id = t.task_id and o.state = 'running'
          left join lateral (select (100 * count(*) filter (where x.image_version_id = w.to_version_id) / greatest(1, count(*)))::int as percent
                               from rollout w join machine x on x.pool_id = w.pool_id and not x.manual and x.state <> 'deleting' and x.assigned_user_id is null
                              where t.kind = 'rollout' and t.ended_at is null and w.rollout_id = t.task_id) r on true
        """;

    /// <summary>What is under way and what ended lately, the newest first.</summary>
    public Task<IReadOnlyList<TaskRow>> RecentAsync(PoolScope scope, CancellationToken ct) => QueryAsync(
        $"""
         {Columns}
          where t.task_id in (select c.task_id
                                from ((select t.task_id, t.began_at, true as is_open from task t where t.ended_at is null and {InScope} order by t.began_at desc limit {MostWatched})
                                       union all
                                      (select t.task_id, t.began_at, false from task t where t.ended_at > now() - interval '7 days' and {InScope} order by t.began_at desc limit {MostWatched})) c
                               order by c.is_open desc, c.began_at desc
                               limit {MostWatched})
          order by t.began_at desc, t.task_id desc
         """, new { scope.Pools, scope.Groups, scope.Sites, scope.Ends }, ct);

    public Task<IReadOnlyList<TaskRow>> SomeAsync(Guid[] ids, PoolScope scope, CancellationToken ct) =>
        QueryAsync($"{Columns} where t.task_id = any(@ids) and {InScope}", new { ids, scope.Pools, scope.Groups, scope.Sites, scope.Ends }, ct);

    /// <summary>Newest first, from after the one that the page before ended with.</summary>
    public Task<IReadOnlyList<TaskRow>> ListAsync(TaskFilter filter, int limit, PoolScope scope, CancellationToken ct) => QueryAsync(
        $"""
         {Columns}
          where {InScope}
            {(filter.States is null ? "" : "and t.state = any(@States)")}
            {(filter.Kinds is null ? "" : "and t.kind = any(@Kinds)")}
            {(filter.Machine is null ? "" : "and t.object_id = @Machine")}
            {(filter.Pool is null ? "" : "and t.pool_id = @Pool")}
            {(filter.Host is null ? "" : "and t.host_id = @Host")}
            {(filter.AskedBy is null ? "" : $"and t.asked_by = @AskedBy and (@Pools::uuid[] is null or t.pool_id = any(@Pools) or {OfSite} or exists (select from app_user u where u.user_name = @AskedBy and {PoolScope.IsOfPeople("u.user_id")}))")}
            {(filter.From is null ? "" : "and t.began_at >= @From")}
            {(filter.Until is null ? "" : "and t.began_at < @Until")}
            {(filter.Before is null ? "" : "and (t.began_at, t.task_id) < (select b.began_at, b.task_id from task b where b.task_id = @Before)")}
          order by t.began_at desc, t.task_id desc
          limit @limit
         """, new { filter.States, filter.Kinds, filter.Machine, filter.Pool, filter.Host, filter.AskedBy, filter.From, filter.Until, filter.Before, limit, scope.Pools, scope.Groups, scope.Sites, scope.Ends }, ct);

    public async Task<IReadOnlyList<TaskLineRow>> LinesAsync(Guid task, int after, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<TaskLineRow>(new CommandDefinition("select seq, at, event, step, reason, detail from task_line where task_id = @task and seq > @after order by seq", new { task, after }, cancellationToken: ct))).AsList();
    }

    /// <summary>
    /// Ends an operation that nobody has begun, or packets that wake a computer; the machine is what it was. False when it has gone on
    /// or ended meanwhile: then nothing changed.
    /// </summary>
    public async Task<bool> CancelOperationAsync(Guid task, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<bool>(
            $"""
            with cancelled as (
                update operation o
                   set state = 'cancelled', ended_at = now(), error = null, reason = null
                 where o.operation_id = @task and o.state = 'running' and {NotBegun}
             returning machine_id, kind, resumes_to
            ), back as (     -- of a wake only rung: whoever watches the machine is to see it
                update machine m
                   set state = s.state, state_since = case when s.state = m.state then m.state_since else now() end
                  from cancelled c
                  cross join lateral (select case when c.resumes_to is null then (select x.state from machine x where x.machine_id = c.machine_id)
                                                  when c.resumes_to = 'available' and not exists (select from machine_agent a where a.machine_id = c.machine_id and a.connected) then 'unreachable'
                                                  else c.resumes_to end as state) s
                 where m.machine_id = c.machine_id and (c.resumes_to is null or m.state = 'provisioning')
             returning m.machine_id, m.name
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                     select @UserName, 'task.cancel', 'machine', m.machine_id, m.name, c.kind, @SourceAddress from cancelled c join machine m using (machine_id)
            )
            select exists (select from cancelled)
            """, new { task, by.UserName, by.SourceAddress });
    }

    /// <summary>Forgets what ended long ago, some at a time; answers how many tasks. Of each machine the newest operation stays.</summary>
    public async Task<int> ForgetAsync(TimeSpan kept, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            """
            with old as (
                select task_id from task where ended_at < now() - @kept order by ended_at limit 2000
            ), operations as (
                delete from operation o using old
                 where o.operation_id = old.task_id and o.state <> 'running'
                   and exists (select from operation n where n.machine_id = o.machine_id and n.started_at > o.started_at)
            ), gone as (
                delete from task t using old where t.task_id = old.task_id returning 1
            )
            select count(*)::int from gone
            """, new { kept }, commandTimeout: 60, cancellationToken: ct));
    }

    private async Task<IReadOnlyList<TaskRow>> QueryAsync(string sql, object values, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<TaskRow>(new CommandDefinition(sql, values, commandTimeout: 30, cancellationToken: ct))).AsList();
    }
}
