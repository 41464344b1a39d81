using Dapper;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>A session that one of its pool's time-outs may ask something of. Ages by the database's clock.</summary>
internal sealed record TimedRow
{
    public Guid SessionId { get; init; }
    public Guid MachineId { get; init; }
    public string State { get; init; } = "";
    public DateTime StateSince { get; init; }
    public string GuestSessionId { get; init; } = "";
    public TimeSpan InState { get; init; }
    public TimeSpan? SinceWarning { get; init; }
    public int? IdleMinutes { get; init; }
    public int? DisconnectedMinutes { get; init; }

    public SessionTimeouts Timeouts => new(Minutes(IdleMinutes), Minutes(DisconnectedMinutes));

    public TimedSession Timed(TimeSpan? idle) => new(SessionTexts.State(State), InState, idle, SinceWarning);

    private static TimeSpan? Minutes(int? minutes) => minutes is { } some ? TimeSpan.FromMinutes(some) : null;
}

/// <summary>A session whose person has just logged on, and what its pool has to say.</summary>
internal sealed record GreetedRow(Guid SessionId, Guid MachineId, string GuestSessionId, string PoolName, string Message);

/// <summary>A reservation that nobody came to, and how long its pool waits.</summary>
internal sealed record EmptyRow(Guid SessionId, TimeSpan Patience);

internal sealed partial class SessionStore
{
    // Only sessions whose agent this node can tell something; the indexes hold open sessions in the order they fall due.
    private const string Due =
        """
        select s.session_id, s.machine_id, s.state, s.state_since, s.guest_session_id, now() - s.state_since as in_state,
               now() - s.idle_warned_at as since_warning, p.idle_minutes, p.disconnected_minutes
          from pool p
          join lateral (select *
                          from session
                         where pool_id = p.pool_id
                           and state = 'active'
                           and last_input_at <= now() - make_interval(mins => p.idle_minutes) + interval '2 minutes'
                           and last_input_at <= now() - (make_interval(mins => p.idle_minutes)
                                                         - case when idle_warned_at > last_input_at then interval '0'
                                                                else least(interval '2 minutes', make_interval(mins => p.idle_minutes) / 2) end)
                         union all
                        select *
                          from session
                         where pool_id = p.pool_id
                           and state = 'disconnected'
                           and state_since <= now() - make_interval(mins => p.disconnected_minutes)) s on true
          join machine_agent a on a.machine_id = s.machine_id and a.connected and a.node_id = @node
         where s.guest_session_id is not null
           and (s.timed_out_at is null or s.timed_out_at <= now() - @again)
         order by s.timed_out_at nulls first, s.state_since
         limit @most
        """;

    // Not later than the truth: the guest's own clock may count from before the person came back.
    private const string Touched =
        """
        update session
           set last_input_at = greatest(now() - @idle, state_since)
         where session_id = @session
           and state = 'active'
           and state_since = @stateSince
        """;

    private const string Warned =
        """
        with warned as (
               update session
                  set idle_warned_at = now()
                where session_id = @session
                  and state = 'active'
                  and state_since = @stateSince
                  and (idle_warned_at is null or idle_warned_at <= last_input_at)
            returning session_id, machine_name
        )
        insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
             select 'broker', 'session.idle_warned', 'session', session_id, machine_name, @outcome
               from warned
        """;

    private const string TimedOut =
        """
        with ordered as (
               update session
                  set timed_out = case when state = 'active' then 'idle' else 'disconnected' end,
                      timed_out_at = now()
                where session_id = @session
                  and state = @state
                  and state_since = @stateSince
            returning session_id, machine_name, state
        )
        insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
             select 'broker', case when state = 'active' then 'session.idle_timeout' else 'session.disconnected_timeout' end,
                    'session', session_id, machine_name, @outcome
               from ordered
        """;

    /// <summary>Sessions of agents of this node that a time-out may have reached; an order that was not obeyed comes again after a while.</summary>
    public async Task<IReadOnlyList<TimedRow>> DueAsync(Node node, TimeSpan again, int most, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<TimedRow>(new CommandDefinition(Due, new { node = node.Id, again, most }, cancellationToken: ct))).AsList();
    }

    /// <summary>Records when the person last touched the session, as the agent said just now.</summary>
    public Task TouchedAsync(TimedRow row, TimeSpan idle) => WriteAsync(Touched, new { session = row.SessionId, row.StateSince, idle });

    /// <summary>Records that the person was warned of the idle time-out, or that the agent could not.</summary>
    public Task WarnedAsync(TimedRow row, string outcome) => WriteAsync(Warned, new { session = row.SessionId, row.StateSince, outcome });

    /// <summary>Records that a time-out was ordered, and what the agent said to it.</summary>
    public Task TimedOutAsync(TimedRow row, string outcome) => WriteAsync(TimedOut, new { session = row.SessionId, row.State, row.StateSince, outcome });

    /// <summary>Sessions of agents of this node whose desktop is there, and whose pool's message of the day was not shown yet.</summary>
    public async Task<IReadOnlyList<GreetedRow>> ToGreetAsync(Node node, int most, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<GreetedRow>(new CommandDefinition(
            """
            select s.session_id, s.machine_id, s.guest_session_id, p.name as pool_name, p.message_of_the_day as message
              from (select *
                      from session
                     where state = 'active'
                       and greeted_at is null
                       and logged_on_at > now() - interval '10 minutes'
                     order by logged_on_at desc
                     limit 5000) s
              join pool p on p.pool_id = s.pool_id and p.message_of_the_day <> ''
              join machine_agent a on a.machine_id = s.machine_id and a.connected and a.node_id = @node
             where s.guest_session_id is not null
               and (s.state_since <= now() - interval '20 seconds'
                    or exists (select from logon_phase d where d.session_id = s.session_id and d.name = 'desktop' and d.ended_at is not null))
             order by s.logged_on_at
             limit @most
            """, new { node = node.Id, most }, cancellationToken: ct))).AsList();
    }

    /// <summary>Records that the message of the day was shown, or that the agent could not.</summary>
    public Task GreetedAsync(GreetedRow row) => WriteAsync("update session set greeted_at = now() where session_id = @session and greeted_at is null", new { session = row.SessionId });

    /// <summary>The session's connection that a gateway relays right now; null when there is none.</summary>
    public async Task<ConnectionId?> OpenConnectionAsync(SessionId session, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var id = await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            """
            select connection_id
              from connection
             where session_id = @session
               and opened_at is not null
               and closed_at is null
             order by created_at desc
             limit 1
            """, new { session = session.Value }, cancellationToken: ct));
        return id is { } open ? new ConnectionId(open) : null;
    }

    /// <summary>Active sessions of somebody that end with his card, each with its open connection if there is one.</summary>
    public async Task<IReadOnlyList<(Guid Session, Guid? Connection)>> OfCardAsync(UserId user) => await database.RepeatableAsync(async (connection, _) => (await connection.QueryAsync<(Guid, Guid?)>(
        """
          select s.session_id,
                 (select c.connection_id
                    from connection c
                   where c.session_id = s.session_id
                     and c.closed_at is null
                     and c.opened_at is not null
                order by c.opened_at desc
                   limit 1)
            from session s
            join pool p using (pool_id)
           where s.user_id       = @user
             and s.state         = 'active'
             and p.card_removal  = 'disconnect'
        """, new { user = user.Value })).AsList());

    /// <summary>Sessions of agents of this node whose person has lost the right to a pool that logs such people off.</summary>
    public async Task<IReadOnlyList<TimedRow>> RightLostAsync(Node node, TimeSpan again, int most, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<TimedRow>(new CommandDefinition(
            """
            select s.session_id, s.machine_id, s.state, s.state_since, s.guest_session_id
              from pool p
              join session s on s.pool_id = p.pool_id and s.state in ('active', 'disconnected')
              join app_user u on u.user_id = s.user_id and not u.synthetic
              join machine_agent a on a.machine_id = s.machine_id and a.connected and a.node_id = @node
             where p.right_lost = 'log_off'
               and s.guest_session_id is not null
               and (s.timed_out_at is null or s.timed_out_at <= now() - @again)
               and (not u.enabled or not exists (select from entitled_person e where e.pool_id = s.pool_id and e.user_id = s.user_id))
             limit @most
            """, new { node = node.Id, again, most }, cancellationToken: ct))).AsList();
    }

    /// <summary>Records that the session of somebody who lost the right was ordered to end, and what the agent said to it.</summary>
    public Task RightLostOrderedAsync(TimedRow row, string outcome) => WriteAsync(
        """
        with ordered as (
               update session
                  set timed_out_at = now()
                where session_id = @session
                  and state <> 'ended'
            returning session_id, machine_name
        )
        insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
             select 'broker', 'session.right_lost', 'session', session_id, machine_name, @outcome
               from ordered
        """, new { session = row.SessionId, outcome });

    /// <summary>Pending sessions that nobody came to, oldest first. The end statement checks again.</summary>
    public async Task<IReadOnlyList<EmptyRow>> NeverLoggedOnAsync(int most, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<EmptyRow>(new CommandDefinition(
            """
            select s.session_id, make_interval(mins => p.empty_minutes) as patience
              from pool p
              join session s on s.pool_id = p.pool_id
             where s.state = 'pending'
               and s.state_since <= now() - make_interval(mins => p.empty_minutes)
               and not exists (select from ticket t where t.session_id = s.session_id and t.issued_at > now() - make_interval(mins => p.empty_minutes))
             order by s.state_since
             limit @most
            """, new { most }, cancellationToken: ct))).AsList();
    }

    private async Task WriteAsync(string sql, object parameters)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(sql, parameters);
    }
}
