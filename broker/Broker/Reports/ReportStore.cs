using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Reports;

/// <summary>SQL of the reports. All of it reads from the data source of reports, whose statements end by themselves after half a minute.</summary>
internal sealed class ReportStore([FromKeyedServices(StorageExtensions.Reports)] NpgsqlDataSource reports)
{
    /// <summary>More rows than this are not answered: a year of fifty pools.</summary>
    public const int MostRows = 20_000;

    private const int MostApplications = 500;

    // Sessions that were open at some moment of the time, cut to it; found by session_span_brin.
    private static readonly string Span =
        $"""
        span as materialized (
             select session_id, pool_id, pool_name, user_id, started_at, greatest(started_at, @From) as since, least(coalesce(ended_at, now()), @To) as until
               from session
              where started_at < least(@To, now())
                and (ended_at > @From or ended_at is null)
                and not synthetic
                and (@pool::uuid is null or pool_id = @pool)
                and {PoolScope.Holds("pool_id", "user_id", PoolScope.AddressOf("session.session_id"))})
        """;

    /// <summary>Newest day first; one row more than <see cref="MostRows"/> says that some are left out.</summary>
    public Task<IReadOnlyList<UseOfDay>> UseAsync(Period period, Guid? pool, string zone, PoolScope scope, CancellationToken ct) => QueryAsync<UseOfDay>(
        $"""
          with {Span},
               day as (
               select d::date as day, greatest(d at time zone @zone, @From) as since, least((d + interval '1 day') at time zone @zone, @To) as until
                 from generate_series(date_trunc('day', @From at time zone @zone), (@To - interval '1 microsecond') at time zone @zone, interval '1 day') d)
        select to_char(day, 'YYYY-MM-DD') as day, pool_id, max(pool_name) as pool_name,
               count(*) filter (where s.started_at >= d.since)::integer as sessions,
               count(distinct user_id)::integer as people,
               coalesce(sum(extract(epoch from least(s.until, d.until) - greatest(s.since, d.since))) / 3600, 0)::double precision as hours
          from span s
          join day d on s.since < d.until and s.until >= d.since
         group by day, pool_id
         order by day desc, max(pool_name)
         limit {MostRows + 1}
        """, new { period.From, period.To, pool, zone, scope.Pools, scope.Groups, scope.Ends }, ct);

    /// <summary>Published applications, the most used first.</summary>
    public Task<IReadOnlyList<UseOfApplication>> ApplicationsAsync(Period period, Guid? pool, PoolScope scope, CancellationToken ct) => QueryAsync<UseOfApplication>(
        $"""
          with {Span}
        select pool_id, max(pool_name) as pool_name, p.application_id, (array_agg(p.name order by p.started_at desc))[1] as application_name,
               count(*) filter (where p.started_at >= @From)::integer as sessions, count(distinct user_id)::integer as people,
               (sum(extract(epoch from least(until, p.ended_at) - greatest(since, p.started_at))) / 3600)::double precision as hours
          from span
          join session_program p on p.session_id = span.session_id and p.started_at < until and (p.ended_at is null or p.ended_at >= since)
         group by pool_id, p.application_id
         order by hours desc, p.application_id
         limit {MostApplications}
        """, new { period.From, period.To, pool, scope.Pools, scope.Groups, scope.Ends }, ct);

    public Task<IReadOnlyList<LogonOfPool>> LogonsAsync(Period period, Guid? pool, PoolScope scope, CancellationToken ct) => QueryAsync<LogonOfPool>(
        $"""
          with phase as (
               select s.pool_id, s.pool_name, p.name, p.started_at, p.ended_at, p.started_at - min(p.started_at) over (partition by p.session_id) as began
                 from session s
                 join logon_phase p using (session_id)
                where s.started_at >= @From
                  and s.started_at < @To
                  and not s.synthetic
                  and (@pool::uuid is null or s.pool_id = @pool)
                  and {PoolScope.Holds("s.pool_id", "s.user_id", PoolScope.AddressOf("s.session_id"))}),
               took as (
               select pool_id, pool_name, name, extract(epoch from ended_at - started_at) * 1000 as ms, began
                 from phase
                where ended_at is not null
                union all
               select pool_id, pool_name, 'whole', extract(epoch from ended_at - started_at + began) * 1000, interval '-1 second'
                 from phase
                where name = 'desktop'
                  and ended_at is not null)
        select pool_id, max(pool_name) as pool_name, name as phase, count(*)::integer as count,
               greatest(percentile_disc(0.5) within group (order by ms), 0)::integer as median,
               greatest(percentile_disc(0.95) within group (order by ms), 0)::integer as p95
          from took
         group by pool_id, name
         order by max(pool_name), pool_id, avg(began), name
        """, new { period.From, period.To, pool, scope.Pools, scope.Groups, scope.Ends }, ct);

    public Task<IReadOnlyList<CapacityOfPool>> CapacityAsync(Period period, Guid? pool, PoolScope scope, CancellationToken ct) => QueryAsync<CapacityOfPool>(
        $"""
          with {Span},
               moment as (
               select pool_id, since as at, 1 as change from span
                union all
               select pool_id, until, -1 from span),
               running as (
               select pool_id, at, sum(change) over (partition by pool_id order by at, change rows unbounded preceding) as open
                 from moment),
               peak as (
               select distinct on (pool_id) pool_id, open::integer as most, at
                 from running
                order by pool_id, open desc, at),
               launched as (
               select pool_id, max(pool_name) as pool_name, count(*)::integer as launches,
                      count(*) filter (where waits <> '[]')::integer as waited,
                      coalesce(max(extract(epoch from coalesce(ended_at, now()) - asked_at)) filter (where waits <> '[]'), 0)::double precision as longest
                 from launch_trace
                where asked_at >= @From
                  and asked_at < @To
                  and (@pool::uuid is null or pool_id = @pool)
                  and {PoolScope.Holds("pool_id", "user_id", "client_address")}
                group by pool_id),
               refused as (
               select pool_id, jsonb_object_agg(reason, count) as refusals
                 from (select pool_id, reason, count(*) as count
                         from launch_trace
                        where asked_at >= @From
                          and asked_at < @To
                          and outcome = 'refused'
                          and reason is not null
                          and (@pool::uuid is null or pool_id = @pool)
                          and {PoolScope.Holds("pool_id", "user_id", "client_address")}
                        group by pool_id, reason) r
                group by pool_id),
               room as (
               select p.pool_id, p.name,
                      (coalesce(p.sessions_per_machine, 1) * case when p.kind = 'manual' then (select count(*) from machine m where m.pool_id = p.pool_id and m.state <> 'deleting') else p.size end)::integer as room
                 from pool p
                where not p.deleting
                  and (@pool::uuid is null or p.pool_id = @pool)
                  and (@Pools::uuid[] is null or p.pool_id = any(@Pools)))
        select coalesce(m.pool_id, l.pool_id, k.pool_id) as pool_id,
               coalesce(m.name, l.pool_name, (select max(pool_name) from span s where s.pool_id = k.pool_id), '') as pool_name,
               coalesce(m.room, 0) as room, coalesce(k.most, 0) as most, k.at as most_at,
               coalesce(l.launches, 0) as launches, coalesce(l.waited, 0) as waited, coalesce(l.longest, 0) as longest, coalesce(r.refusals, jsonb_build_object())::text as refusals
          from room m
          full join launched l using (pool_id)
          full join peak k on k.pool_id = coalesce(m.pool_id, l.pool_id)
          left join refused r on r.pool_id = coalesce(m.pool_id, l.pool_id, k.pool_id)
         order by 2, 1
         limit {MostRows}
        """, new { period.From, period.To, pool, scope.Pools, scope.Groups, scope.Ends }, ct);

    // A role held twice, by himself and by a group, is one role.
    private const string HeldRoles = "(select distinct h.role, coalesce(p.name, '') as pool, coalesce(g.name, '') as people, coalesce(l.name, '') as site, coalesce(e.name, '') as ends from held_role h left join pool p using (pool_id) left join app_group g on g.group_id = h.scope_group_id left join site l on l.site_id = h.scope_site_id left join endpoint_group e on e.endpoint_group_id = h.scope_endpoint_group_id where h.user_id = u.user_id) r order by r.role, r.pool, r.people, r.site, r.ends";

    public Task<IReadOnlyList<AccessOfPerson>> AccessAsync(string after, int limit, CancellationToken ct) => QueryAsync<AccessOfPerson>(
        $"""
        select u.user_id, u.user_name, u.display_name, u.enabled, coalesce(d.name, o.name, '') as directory,
               array(select g.name from group_member m join app_group g using (group_id) where m.user_id = u.user_id order by g.name) as groups,
               array(select r.role from {HeldRoles}) as roles,
               array(select r.pool from {HeldRoles}) as role_pools,
               array(select r.people from {HeldRoles}) as role_groups,
               array(select r.site from {HeldRoles}) as role_sites,
               array(select r.ends from {HeldRoles}) as role_ends,
               array(select p.name from pool p where not p.deleting and p.pool_id in (select e.pool_id from entitled_person e where e.user_id = u.user_id) order by p.name) as pools,
               (select e.at from audit_event e where e.object_id = u.user_id and e.action = 'sign_in.ok' order by e.audit_id desc limit 1) as last_sign_in
          from app_user u
          left join directory d using (directory_id)
          left join oidc_provider o on o.provider_id = u.oidc_provider_id
         where u.user_name > @after
           and not u.synthetic
         order by u.user_name
         limit @limit
        """, new { after, limit }, ct);

    /// <summary>Sessions of a person or of a pool that were open at some moment of the time, oldest first.</summary>
    public Task<IReadOnlyList<IncidentSession>> SessionsAsync(Guid? person, Guid? pool, Period period, int limit, CancellationToken ct) => QueryAsync<IncidentSession>(
        """
        select s.session_id, u.user_name, s.pool_name, s.machine_name, s.state, s.started_at, s.logged_on_at, s.ended_at, s.end_reason,
               coalesce((select jsonb_agg(jsonb_build_object('client', c.client_name, 'address', c.client_address, 'opened_at', c.opened_at, 'closed_at', c.closed_at, 'end', c.end_reason) order by c.created_at)
                           from connection c where c.session_id = s.session_id), '[]')::text as connections
          from session s
          join app_user u using (user_id)
         where s.started_at < @To
           and (s.ended_at > @From or s.ended_at is null)
           and (@person::uuid is null or s.user_id = @person)
           and (@pool::uuid is null or s.pool_id = @pool)
         order by s.started_at, s.session_id
         limit @limit
        """, new { person, pool, period.From, period.To, limit }, ct);

    /// <summary>Launches of a person or of a pool that were asked for in the time, oldest first.</summary>
    public Task<IReadOnlyList<IncidentLaunch>> LaunchesAsync(Guid? person, Guid? pool, Period period, int limit, CancellationToken ct) => QueryAsync<IncidentLaunch>(
        """
        select launch_trace_id, asked_at, ended_at, user_name, pool_name, client_address, outcome, rule, reason, session_id, machine_name, host_name, attempts, waits::text as waits, look::text as look
          from launch_trace
         where asked_at >= @From
           and asked_at < @To
           and (@person::uuid is null or user_id = @person)
           and (@pool::uuid is null or pool_id = @pool)
         order by asked_at, launch_trace_id
         limit @limit
        """, new { person, pool, period.From, period.To, limit }, ct);

    public async Task<Guid?> PersonAsync(string userName, CancellationToken ct) =>
        await QueryAsync<Guid>("select user_id from app_user where user_name = @userName and not synthetic", new { userName }, ct) is [var person] ? person : null;

    /// <summary>A record that is younger than all of some moment, to read backwards from; zero: the newest. A record is sealed seconds after it was made.</summary>
    public async Task<long> RecordAfterAsync(DateTimeOffset at, CancellationToken ct) =>
        await QueryAsync<long>("select last_id + 1 from audit_batch where sealed_at >= @at + interval '1 minute' order by sealed_at limit 1", new { at }, ct) is [var next] ? next : 0;

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object values, CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, values, cancellationToken: ct))).AsList();
    }
}

internal sealed record UseOfDay(string Day, Guid PoolId, string PoolName, int Sessions, int People, double Hours);

internal sealed record UseOfApplication(Guid PoolId, string PoolName, Guid ApplicationId, string ApplicationName, int Sessions, int People, double Hours);

internal sealed record LogonOfPool(Guid PoolId, string PoolName, string Phase, int Count, int Median, int P95);

internal sealed record CapacityOfPool(Guid PoolId, string PoolName, int Room, int Most, DateTime? MostAt, int Launches, int Waited, double Longest, string Refusals);

internal sealed record AccessOfPerson
{
    public Guid UserId { get; init; }
    public string UserName { get; init; } = "";
    public string DisplayName { get; init; } = "";
    public bool Enabled { get; init; }
    public string Directory { get; init; } = "";
    public string[] Groups { get; init; } = [];
    public string[] Roles { get; init; } = [];
    public string[] RolePools { get; init; } = [];
    public string[] RoleGroups { get; init; } = [];
    public string[] RoleSites { get; init; } = [];
    public string[] RoleEnds { get; init; } = [];
    public string[] Pools { get; init; } = [];
    public DateTime? LastSignIn { get; init; }
}

internal sealed record IncidentSession(
    Guid SessionId, string UserName, string PoolName, string MachineName, string State, DateTime StartedAt, DateTime? LoggedOnAt, DateTime? EndedAt, string? EndReason, string Connections);

internal sealed record IncidentLaunch(
    Guid LaunchTraceId, DateTime AskedAt, DateTime? EndedAt, string UserName, string PoolName, string ClientAddress, string Outcome, string Rule, string? Reason, Guid? SessionId, string MachineName, string HostName, int Attempts, string Waits, string? Look);
