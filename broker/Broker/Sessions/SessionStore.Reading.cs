using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>A session as pages show it.</summary>
internal sealed record SessionRow(
    Guid SessionId, string State, Guid UserId, string UserName, string DisplayName, Guid MachineId, string MachineName, Guid PoolId, string PoolName,
    DateTime StartedAt, DateTime StateSince, DateTime? EndedAt, string? EndReason, string? GuestSessionId, int? IdleSeconds,
    Guid? ConnectionId, string? ClientName, string? ClientAddress, bool Connected, int LogonMilliseconds,
    string? Assistance, DateTime? AssistanceAt, Guid? ApplicationId, string? ApplicationName, DateTime? LockedSince, string? SiteName, string Programs);

/// <summary>A step of a session's time-line.</summary>
internal sealed record PhaseRow(string Name, DateTime StartedAt, DateTime? EndedAt);

/// <summary>A connection of a session.</summary>
internal sealed record ConnectionRow(
    Guid ConnectionId, string? GatewayName, string ClientAddress, string ClientName, DateTime? OpenedAt, DateTime? ClosedAt, string? EndReason,
    long BytesFromClient, long BytesFromMachine);

/// <summary>How long one phase of the logons took, in milliseconds.</summary>
internal sealed record LogonTimeRow(string Name, int Count, int Median, int P95);

internal sealed partial class SessionStore
{
    // The newest connection says who the client is; the time of the first logon counts from the earliest phase to the desktop.
    private const string Rows =
        $"""
        select s.session_id, s.state, s.user_id, u.user_name, u.display_name, s.machine_id, s.machine_name, s.pool_id, s.pool_name,
               s.started_at, s.state_since, s.ended_at, s.end_reason, s.guest_session_id, s.idle_seconds,
               c.connection_id, c.client_name, c.client_address,
               c.connection_id is not null and c.closed_at is null and c.opened_at is not null as connected,
               coalesce((select (extract(epoch from d.ended_at - min(p.started_at)) * 1000)::integer
                           from logon_phase p
                           join logon_phase d on d.session_id = p.session_id and d.name = 'desktop' and d.ended_at is not null
                          where p.session_id = s.session_id
                          group by d.ended_at), 0) as logon_milliseconds,
               a.state as assistance, greatest(a.asked_at, a.answered_at, a.began_at, a.ended_at) as assistance_at,
               s.application_id, s.application_name,
               case when s.state <> 'ended' then s.locked_since end as locked_since,
               (select l.name from pool p join site l using (site_id) where p.pool_id = s.pool_id) as site_name,
               {ProgramsOfSession} as programs
          from session s
          join app_user u on u.user_id = s.user_id and not u.synthetic
          left join lateral (select connection_id, client_name, client_address, opened_at, closed_at
                               from connection
                              where session_id = s.session_id
                              order by created_at desc
                              limit 1) c on true
          left join lateral (select state, asked_at, answered_at, began_at, ended_at
                               from assistance
                              where session_id = s.session_id
                              order by asked_at desc
                              limit 1) a on true
        """;

    /// <summary>Open sessions, or all of the newest ten thousand.</summary>
    public async Task<IReadOnlyList<SessionRow>> ListAsync(bool includeEnded, PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<SessionRow>(new CommandDefinition(
            $"""
            {Rows}
             where (s.state <> 'ended' or @includeEnded)
               and {PoolScope.Holds("s.pool_id", "s.user_id", PoolScope.AddressOf("s.session_id"))}
             order by s.started_at desc
             limit 10000
            """, new { includeEnded, scope.Pools, scope.Groups, scope.Ends }, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>These sessions, ended or not.</summary>
    public async Task<IReadOnlyList<SessionRow>> FindAsync(IReadOnlyCollection<Guid> sessions, PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<SessionRow>(new CommandDefinition(
            $"""
            {Rows}
             where s.session_id = any(@sessions::uuid[])
               and {PoolScope.Holds("s.pool_id", "s.user_id", PoolScope.AddressOf("s.session_id"))}
            """, new { sessions = sessions.ToArray(), scope.Pools, scope.Groups, scope.Ends }, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>Time-line and connections of one session.</summary>
    public async Task<(IReadOnlyList<PhaseRow> Phases, IReadOnlyList<ConnectionRow> Connections)> DetailsAsync(SessionId session, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var both = await connection.QueryMultipleAsync(new CommandDefinition(
            """
            select name, started_at, ended_at
              from logon_phase
             where session_id = @session
             order by started_at, name;
            select c.connection_id, g.name as gateway_name, c.client_address, c.client_name, c.opened_at, c.closed_at, c.end_reason,
                   c.bytes_from_client, c.bytes_from_machine
              from connection c
              left join gateway g on g.gateway_id = c.gateway_id
             where c.session_id = @session
             order by c.created_at
             limit 500
            """, new { session = session.Value }, cancellationToken: ct));
        return ((await both.ReadAsync<PhaseRow>()).AsList(), (await both.ReadAsync<ConnectionRow>()).AsList());
    }

    /// <summary>Percentiles of first logons, one row a phase in the order in which phases begin, and one named "whole".</summary>
    public async Task<IReadOnlyList<LogonTimeRow>> LogonTimesAsync(int hours, PoolId? pool, PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<LogonTimeRow>(new CommandDefinition(
            $"""
              with phase as (
                   select p.session_id, p.name, p.started_at, p.ended_at,
                          p.started_at - min(p.started_at) over (partition by p.session_id) as began
                     from logon_phase p
                     join session s using (session_id)
                    where s.started_at > now() - make_interval(hours => @hours)
                      and not s.synthetic
                      and (@pool::uuid is null or s.pool_id = @pool)
                      and {PoolScope.Holds("s.pool_id", "s.user_id", PoolScope.AddressOf("s.session_id"))}),
                   took as (
                   select name, extract(epoch from ended_at - started_at) * 1000 as ms, began
                     from phase
                    where ended_at is not null
                    union all
                   select 'whole', extract(epoch from ended_at - started_at + began) * 1000, interval '-1 second'
                     from phase
                    where name = 'desktop'
                      and ended_at is not null)
            select name, count(*)::integer as count,
                   greatest(percentile_disc(0.5) within group (order by ms), 0)::integer as median,
                   greatest(percentile_disc(0.95) within group (order by ms), 0)::integer as p95
              from took
             group by name
             order by avg(began), name
            """, new { hours, pool = pool?.Value, scope.Pools, scope.Groups, scope.Ends }, commandTimeout: 30, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>Records what an administrator or a person asked for, and what came of it.</summary>
    public async Task AuditAsync(SessionId session, string action, string actor, string source, string outcome)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            """
            insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address)
                 select @actor, @action, 'session', session_id, machine_name, @outcome, @source
                   from session
                  where session_id = @session
            """, new { session = session.Value, action, actor, source, outcome });
    }
}
