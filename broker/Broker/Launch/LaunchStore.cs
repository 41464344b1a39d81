using System.Data;
using System.Text.RegularExpressions;
using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;
using NpgsqlTypes;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>What a launch asks of the database.</summary>
internal sealed record LaunchAttempt(
    RequestId Request, UserId User, PoolId Pool, string? ClientAddress, SessionId NewSession, byte[] TicketSha256, TimeSpan TicketLifetime, int Rank)
{
    /// <summary>The W3C trace parent of the call, so that gateway and agent go on with its trace; null: it is not traced.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The published application that is asked for; null: the whole desktop.</summary>
    public Guid? Application { get; init; }

    /// <summary>SHA-256 of the token that asks: a session that is locked since opens only for a newer sign-in. Null opens no locked one.</summary>
    public byte[]? SignIn { get; init; }
}

/// <summary>What one attempt answered. A ticket exists exactly when <see cref="TicketExpiresAt"/> is set.</summary>
/// <param name="OpenSessions">Names of the pools in which the person has sessions open.</param>
internal sealed record LaunchAnswer(LaunchFacts Facts, string MachineName, DateTimeOffset? TicketExpiresAt, string OpenSessions)
{
    /// <summary>When the closed pool opens, by the clock of its place; empty when it never does.</summary>
    public string Opens { get; init; } = "";

    /// <summary>Names of the person's groups that have as many sessions open as they may.</summary>
    public string FullGroups { get; init; } = "";

    /// <summary>The application that the open session of this pool is of; empty: it is the desktop.</summary>
    public string OpenApplication { get; init; } = "";
}

/// <summary>All SQL of the launch slice.</summary>
internal sealed partial class LaunchStore(Database database)
{
    /// <summary>What makes a machine <c>m</c> free for whoever may use its pool. The decision trace counts by it too.</summary>
    internal const string FreeMachine = "m.state = 'available' and m.drain_since is null and m.assigned_user_id is null";

    /// <summary>What makes a shared machine <c>m</c> take one more, as long as it has a free seat.</summary>
    internal const string OpenSharedMachine = "m.state in ('available', 'reserved', 'in_use') and m.drain_since is null and m.canary_of is null";

    // One brokering decision is one statement: entitlement, pick, session, ticket and audit row commit together or not at all.
    // The pick starts at a random rank and wraps, so that hundreds of people at once do not fight for the first row.
    // Two launches by one user at once: the second violates session_one_open_per_user_and_pool_uq, rolls back, and is repeated.
    // So does whoever takes the same seat below a quota. Sessions without a seat below it narrow the seats: the sum never exceeds it.
    internal const string LaunchStatement = $"""
        with offer as materialized (
            select p.kind, p.enabled, p.name, p.most_sessions, p.sessions_per_machine as seats, p.distribution,
                   case when p.closed_until > now() then
                     coalesce((select to_char(p.closed_until at time zone s.time_zone, 'DD/MM/YYYY HH24:MI') from power_schedule s where s.pool_id = p.pool_id and isfinite(p.closed_until)), '') end as closed,
                   exists (select from entitled_person e where e.pool_id = p.pool_id and e.user_id = @User) as entitled
              from pool p
             where p.pool_id = @Pool and not p.deleting
        ), program as materialized (   -- the published application that is asked for, where it still is, and is for this person
            select a.application_id, a.name, a.program, a.arguments
              from application a
             where a.application_id = @Application and a.pool_id = @Pool
               and (not a.narrowed or exists (select from application_group g join group_member o on o.group_id = g.group_id and o.user_id = @User where g.application_id = a.application_id))
        ), fit as materialized (
            select @Application is null or exists (select from program) as known
        ), own as materialized (
            select s.session_id, s.machine_id, m.state as machine_state, m.name as machine_name, m.manual and m.state = 'unreachable' as silent,
                   coalesce((select string_agg(p.name, ', ' order by p.asked_at, p.name) from session_program p where p.session_id = s.session_id and p.ended_at is null), s.application_name) as application_name,
                   s.application_id is distinct from @Application
                       and not (s.application_id is not null and @Application is not null        -- beside those that run there, where the machine can
                                and exists (select from machine_agent g where g.machine_id = s.machine_id and g.starts_programs)) as other,
                   s.locked_since is not null
                       and not exists (select from sign_in i where i.token_sha256 = @SignIn and i.created_at > s.locked_since) as locked
              from session s left join machine m using (machine_id)
             where s.user_id = @User and s.pool_id = @Pool and s.state <> 'ended'
        ), request as materialized (
            select s.session_id from session s where s.request_id = @Request and s.state = 'ended'
        ), asked as materialized (
            select r.request_id, r.created_at, r.seen_at from launch_request r where r.user_id = @User and r.pool_id = @Pool
        ), place as materialized (
            select created_at from asked where seen_at > now() - interval '15 seconds'
        ), gone as materialized (
            select from asked where request_id = @Request and seen_at = '-infinity'
        ), person as materialized (
            select u.user_name, coalesce(u.most_sessions, i.most_sessions_per_user) as most
              from app_user u cross join installation i
             where u.user_id = @User
        ), user_seat as materialized (      -- seats are looked for where they are counted only
            select n from person cross join lateral free_user_seat(@User, most) n where most is not null
        ), pool_seat as materialized (
            select n from offer cross join lateral free_pool_seats(@Pool, most_sessions) n where most_sessions is not null
        ), group_seat_free as materialized (   -- of each group whose sessions are limited; null: it is full
            select g.group_id, g.name, free_group_seat(g.group_id, g.most_sessions, @Rank) as n
              from group_member mine
              join app_group g on g.group_id = mine.group_id and g.most_sessions is not null
             where mine.user_id = @User
        ), room as materialized (     -- of pools whose machines are shared: what may take somebody, and how many
            select m.machine_id, o.seats - t.people as free, t.people
              from offer o
              cross join machine m
              cross join lateral (select count(*)::int as people from session s where s.machine_id = m.machine_id and s.state <> 'ended') t
             where m.pool_id = (select @Pool from offer where seats is not null)      -- none is read where they are not shared, whatever the plan
               and {OpenSharedMachine} and t.people < o.seats
        ), ahead as materialized (
            -- Who waits for a machine of his own stands in nobody's way but where sessions are counted.
            -- Nor does who waits for the computer of his session to wake.
            select count(*) as people,
                   count(*) filter (where not exists (select from machine b where b.pool_id = r.pool_id and b.assigned_user_id = r.user_id)
                                      and not exists (select from session b where b.pool_id = r.pool_id and b.user_id = r.user_id and b.state <> 'ended')) as rivals
              from launch_request r
             where r.pool_id = @Pool and r.user_id <> @User and r.seen_at > now() - interval '15 seconds'
               and r.created_at < coalesce((select created_at from place), now())
        ), bond as materialized (
            select m.machine_id, m.manual and m.state = 'unreachable' as silent from machine m where m.pool_id = @Pool and m.assigned_user_id = @User
        ), sleeper as materialized (   -- the own computer, or that of the own session, that a packet may wake; and whether it was tried in vain
            select exists (select from operation o where o.machine_id = mine.machine_id and o.kind = 'wake' and o.state = 'failed' and o.ended_at >= (select created_at from place)) as in_vain
              from (select machine_id from own where silent union all select machine_id from bond where silent) mine
             where exists (select from wake_address w where w.machine_id = mine.machine_id)
             limit 1
        ), gate as materialized (
            select offer.kind, offer.seats
              from offer cross join ahead
             where offer.enabled and offer.entitled and offer.closed is null and (select known from fit)
               and not exists (select from own) and not exists (select from request) and not exists (select from gone)
               and ((select most from person) is null or exists (select from user_seat))
               and not exists (select from group_seat_free where n is null)
               and (offer.most_sessions is null or ahead.people < (select count(*) from pool_seat))
               and (ahead.rivals = 0 or exists (select from bond)
                    or (offer.seats is not null and ahead.rivals < (select coalesce(sum(free), 0) from room))
                    or (offer.seats is null and ahead.rivals < (select count(*)
                                                       from (select from machine m
                                                              where m.pool_id = @Pool and {FreeMachine}
                                                              limit ahead.rivals + 1) free)))
        ), assigned as (
            select m.machine_id
              from machine m
             where m.pool_id = @Pool and m.assigned_user_id = @User and m.state = 'available' and m.drain_since is null
               and exists (select from gate)
               for update skip locked
        ), pick as (
            select m.machine_id
              from machine m
             where m.pool_id = @Pool and {FreeMachine}
               and m.rank >= @Rank and exists (select from gate where seats is null) and not exists (select from bond)
             order by m.rank
             limit 1
               for update skip locked
        ), wrapped as (
            select m.machine_id
              from machine m
             where m.pool_id = @Pool and {FreeMachine}
               and m.rank < @Rank and exists (select from gate where seats is null) and not exists (select from bond)
               and not exists (select from pick)
             order by m.rank
             limit 1
               for update skip locked
        ), shared as materialized (   -- breadth: any of the emptiest, depth: the fullest; who lost a race looks at more of them
            select c.machine_id
              from (select r.machine_id, rank() over (order by case when o.distribution = 'depth' then -r.people else r.people end) as load,
                           row_number() over (order by case when o.distribution = 'depth' then -r.people else r.people end, r.machine_id) as turn, o.distribution
                      from room r cross join offer o
                     where exists (select from gate where seats is not null)) c
             where c.turn <= @Spread or (c.distribution = 'breadth' and c.load = 1)
             order by hashtextextended(c.machine_id::text, @Rank)
             limit 1
        ), taken as (
            update machine m
               set state = case m.state when 'available' then 'reserved' else m.state end,
                   state_since = case m.state when 'available' then now() else m.state_since end,
                   assigned_user_id = case when gate.kind = 'dedicated' then @User else m.assigned_user_id end
              from gate, (select machine_id from assigned union all select machine_id from pick union all select machine_id from wrapped union all select machine_id from shared) free
             where m.machine_id = free.machine_id
               and (m.state = 'available' or (gate.seats is not null and m.state in ('reserved', 'in_use') and m.drain_since is null and m.canary_of is null))
         returning m.machine_id, m.name
        ), seated as materialized (   -- asked when the row is locked, so that two who took the same machine do not take the same seat
            select taken.machine_id, taken.name, case when gate.seats is null then 0 else free_seat(taken.machine_id, gate.seats) end as seat
              from taken cross join gate
        ), opened as (
            insert into session (session_id, request_id, user_id, pool_id, machine_id, pool_name, machine_name, state, machine_seat, user_seat, pool_seat, trace_parent, application_id, application_name, program, arguments)
                 select @NewSession, @Request, @User, @Pool, seated.machine_id, offer.name, seated.name, 'pending', seated.seat, (select n from user_seat),
                        (select n from pool_seat order by n < @Rank % offer.most_sessions, n limit 1), @TraceParent,
                        program.application_id, coalesce(program.name, ''), program.program, program.arguments
                   from seated cross join offer left join program on true
                  where seated.seat is not null
              returning session_id, machine_id, machine_name
        ), grouped as (
            insert into group_seat (group_id, seat, session_id)
                 select g.group_id, g.n, opened.session_id from opened cross join group_seat_free g
        ), target as (
            select session_id, machine_id, machine_name, true as fresh from opened
             union all
            select session_id, machine_id, machine_name, false from own
             where own.machine_state in ('reserved', 'in_use') and (select entitled from offer)
               and not own.other and not own.locked and (select known from fit)
        ), beside as (     -- what is to run there; of a session that there was, its agent is ordered (StartPrograms)
            insert into session_program (session_id, application_id, name, program, arguments, launch_id, due, started_at)
                 select target.session_id, program.application_id, program.name, program.program, program.arguments, @Request, not target.fresh, case when target.fresh then now() end
                   from target cross join program
            on conflict (session_id, application_id) do update
                    set name = excluded.name, program = excluded.program, arguments = excluded.arguments, launch_id = excluded.launch_id,
                        asked_at = case when session_program.ended_at is null then session_program.asked_at else now() end,
                        due = session_program.due or session_program.ended_at is not null, ended_at = null
        ), issued as (
            insert into ticket (ticket_sha256, session_id, user_id, machine_id, client_address, expires_at, trace_parent)
                 select @TicketSha256, session_id, @User, machine_id, @ClientAddress, now() + @TicketLifetime, @TraceParent from target
              returning expires_at
        ), served as (
            delete from launch_request r
             where r.user_id = @User and r.pool_id = @Pool and exists (select from issued)
        ), timed as (
            insert into logon_phase (session_id, name, started_at, ended_at)
                 select session_id, 'brokering', coalesce((select created_at from place), now()), clock_timestamp() from opened
        ), audited as (
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select person.user_name,
                        case when fresh then 'session.start' else 'session.reconnect' end,
                        'session', session_id, machine_name, coalesce(@ClientAddress, '')
                   from target cross join person
        )
        select offer.name is not null                            as pool_exists,
               coalesce(offer.enabled, false)                    as pool_enabled,
               coalesce(offer.entitled, false)                   as entitled,
               exists (select from request)                      as request_already_ended,
               own.session_id                                    as own_session,
               own.machine_state                                 as own_machine_state,
               opened.session_id                                 as opened_session,
               coalesce(opened.machine_id, own.machine_id)       as machine,
               coalesce(opened.machine_name, own.machine_name)   as machine_name,
               issued.expires_at                                 as ticket_expires_at,
               person.most is not null and not exists (select from user_seat)                as user_full,
               (select string_agg(s.pool_name, ', ' order by s.pool_name) from session s
                 where person.most is not null and s.user_id = @User and s.state <> 'ended') as open_sessions,
               exists (select from gone)                         as left_queue,
               offer.closed                                      as closed,
               exists (select from assigned)                     as own_machine,
               exists (select from shared) and opened.session_id is null                      as lost_seat,
               case when offer.seats is not null then offer.distribution end                  as shared_by,
               (select string_agg(name, ', ' order by name) from group_seat_free where n is null)  as full_groups,
               (select in_vain from sleeper)                                                  as woken_in_vain,
               not (select known from fit)                                                    as application_unknown,
               coalesce(own.other, false)                                                     as other_program_open,
               own.application_name                                                           as open_application,
               coalesce(own.locked, false)                                                    as session_locked
          from (values (true)) as asks
          left join offer on true left join person on true left join own on true left join opened on true left join issued on true
        """;

    // A prepared statement keeps the plan that was right for the tables of that moment: one made while few sessions were open
    // would read all of them at every launch until statistics are gathered anew. Set around the statement, in its transaction
    // and its round trip, these have the plan, and those of its triggers and foreign keys, made by index from the start, and
    // once in a connection: planning takes ten times as long as running, and the first five people would wait for it.
    private static readonly string[] PlansOnceByIndex = ["set enable_seqscan = off", "set plan_cache_mode = force_generic_plan"];
    private static readonly string[] PlansAsUsual = ["set enable_seqscan = on", "set plan_cache_mode = auto"];

    private const int MostRounds = 20;         // each round somebody gets a seat, or none is left

    /// <summary>The statement's parameters in the order of their numbers, with their types.</summary>
    internal static readonly IReadOnlyList<(string Name, string Type)> Parameters =
    [
        ("Request", "uuid"), ("User", "uuid"), ("Pool", "uuid"), ("ClientAddress", "text"), ("NewSession", "uuid"), ("TicketSha256", "bytea"), ("TicketLifetime", "interval"),
        ("Rank", "integer"), ("Spread", "integer"), ("TraceParent", "text"), ("Application", "uuid"), ("SignIn", "bytea"),
    ];

    // Numbered once, and not by the driver at every launch; the names are for whoever reads the statement.
    private static readonly string Numbered = WithParameters(LaunchStatement, (number, _, _) => $"${number}");

    /// <summary>The statement with something else in the place of each parameter, which is said by number from 1 on, name and type.</summary>
    internal static string WithParameters(string statement, Func<int, string, string, string> say) => ParameterName().Replace(statement, found =>
    {
        for (var at = 0; at < Parameters.Count; at++)
            if (Parameters[at].Name == found.Groups[1].Value) return say(at + 1, Parameters[at].Name, Parameters[at].Type);
        throw new InvalidOperationException($"The launch statement asks for {found.Value}, which is not among its parameters.");
    });

    /// <summary>Runs the one statement; repeats it when the same user's other launch won meanwhile, or when the database went away.</summary>
    public Task<LaunchAnswer> TryAsync(LaunchAttempt attempt) => database.RepeatableAsync(async (connection, unknown) =>
    {
        for (var round = 0; ; round++)
        {
            if (unknown && await FindIssuedAsync(connection, attempt) is { } issued) return issued;
            try
            {
                var (answer, lostSeat) = await DecideAsync(connection, attempt, spread: 1 << Math.Min(round, MostRounds));
                if (!lostSeat || round >= MostRounds) return answer;   // whoever took the seat has committed, so the next round sees it
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation && round < MostRounds)
            {
                // The winner has committed by now (a unique check waits for it), so the next round sees its session. Our own
                // ticket can only be there from a run that broke off and was committed after all.
                unknown |= e.ConstraintName == "ticket_pkey";
            }
        }
    });

    private static async Task<(LaunchAnswer Answer, bool LostSeat)> DecideAsync(NpgsqlConnection connection, LaunchAttempt attempt, int spread)
    {
        await using var batch = connection.CreateBatch();
        var command = new NpgsqlBatchCommand(Numbered);
        foreach (var set in PlansOnceByIndex) batch.BatchCommands.Add(new(set));
        batch.BatchCommands.Add(command);
        foreach (var set in PlansAsUsual) batch.BatchCommands.Add(new(set));
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = attempt.Request.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = attempt.User.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = attempt.Pool.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)attempt.ClientAddress ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = attempt.NewSession.Value });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = attempt.TicketSha256 });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = attempt.TicketLifetime });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = attempt.Rank });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = spread });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)attempt.TraceParent ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)attempt.Application ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)attempt.SignIn ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea });
        await using var row = await batch.ExecuteReaderAsync(CommandBehavior.Default, CancellationToken.None);
        if (!await row.ReadAsync(CancellationToken.None)) throw new InvalidOperationException("The launch statement answered no row.");
        var answer = (Read(row), row.GetBoolean(15));
        await row.NextResultAsync(CancellationToken.None);   // whether the transaction was committed is known at its end
        return answer;
    }

    // The ticket's hash is new for every attempt, so its row says that the broken-off run was committed, and for what.
    private static async Task<LaunchAnswer?> FindIssuedAsync(NpgsqlConnection connection, LaunchAttempt attempt)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = """
            select true, true, true, false,
                   case when s.request_id <> $1 then s.session_id end,
                   case when s.request_id <> $1 then m.state end,
                   case when s.request_id = $1 then s.session_id end,
                   s.machine_id, s.machine_name, t.expires_at, false, null::text, false, null::text, false, false,
                   (select p.distribution from pool p where p.pool_id = s.pool_id and p.sessions_per_machine is not null), null::text, null::boolean,
                   false, false, s.application_name, false
              from ticket t
              join session s using (session_id)
              left join machine m on m.machine_id = s.machine_id
             where t.ticket_sha256 = $2
            """;
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = attempt.Request.Value });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = attempt.TicketSha256 });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, CancellationToken.None);
        return await row.ReadAsync(CancellationToken.None) ? Read(row) : null;
    }

    // By position, in the order of the statement's last select.
    private static LaunchAnswer Read(NpgsqlDataReader row) => new(new LaunchFacts
    {
        PoolExists = row.GetBoolean(0),
        PoolEnabled = row.GetBoolean(1),
        Entitled = row.GetBoolean(2),
        RequestAlreadyEnded = row.GetBoolean(3),
        OwnSession = row.IsDBNull(4) ? null : new SessionId(row.GetGuid(4)),
        OwnMachineState = row.IsDBNull(5) ? null : SqlText.Parse<MachineState>(row.GetString(5)),
        OpenedSession = row.IsDBNull(6) ? null : new SessionId(row.GetGuid(6)),
        Machine = row.IsDBNull(7) ? null : new MachineId(row.GetGuid(7)),
        UserQuotaReached = row.GetBoolean(10),
        LeftQueue = row.GetBoolean(12),
        PoolClosed = !row.IsDBNull(13),
        OwnMachine = row.GetBoolean(14),
        SharedBy = row.IsDBNull(16) ? null : SqlText.Parse<SeatDistribution>(row.GetString(16)),
        GroupQuotaReached = !row.IsDBNull(17),
        OwnComputerSleeps = !row.IsDBNull(18),
        OwnComputerDidNotWake = !row.IsDBNull(18) && row.GetBoolean(18),
        ApplicationUnknown = row.GetBoolean(19),
        OtherProgramOpen = row.GetBoolean(20),
        SessionLocked = row.GetBoolean(22),
    }, row.IsDBNull(8) ? "" : row.GetString(8), row.IsDBNull(9) ? null : new DateTimeOffset(row.GetDateTime(9), TimeSpan.Zero), row.IsDBNull(11) ? "" : row.GetString(11)) { Opens = row.IsDBNull(13) ? "" : row.GetString(13), FullGroups = row.IsDBNull(17) ? "" : row.GetString(17), OpenApplication = row.IsDBNull(21) ? "" : row.GetString(21) };

    /// <summary>The person gives the place in the queue back. A launch that still waits for it finds that out and ends; false: nobody waited.</summary>
    public async Task<bool> GiveUpAsync(UserId user, PoolId pool)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync(
            "update launch_request set seen_at = '-infinity' where user_id = @user and pool_id = @pool and seen_at > now() - interval '15 seconds'",
            new { user = user.Value, pool = pool.Value }) == 1;
    }

    /// <summary>Gives the place in the queue back.</summary>
    public async Task LeaveQueueAsync(UserId user, PoolId pool)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("delete from launch_request where user_id = @user and pool_id = @pool", new { user = user.Value, pool = pool.Value });
    }

    /// <summary>The desktops that a user is offered, with the own session if one is open.</summary>
    /// <param name="signInSha256">Of the token that asks: a locked session opens only for a newer sign-in.</param>
    public Task<List<OfferedDesktop>> DesktopsAsync(UserId user, byte[]? signInSha256 = null) => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<OfferedDesktop>("""
            select p.pool_id, p.name, p.description, p.enabled, array_to_string(p.blocked_features, ',') as blocked_features, p.message_of_the_day, p.way_in,
                   f.pool_id is not null as favourite, p.sessions_per_machine is not null as shared_machine,
                   s.session_id, s.state as session_state, s.started_at, s.machine_name, m.state as machine_state,
                   s.application_id as open_application_id,
                   array(select o.application_id from session_program o where o.session_id = s.session_id and o.ended_at is null) as open_applications,
                   coalesce((select string_agg(o.name, ', ' order by o.asked_at, o.name) from session_program o where o.session_id = s.session_id and o.ended_at is null), s.application_name) as open_application,
                   exists (select from machine_agent g where g.machine_id = s.machine_id and g.starts_programs) as starts_programs, s.locked_since is not null as locked,
                   not exists (select from sign_in i where i.token_sha256 = @signIn and i.created_at > s.locked_since) as sign_in_older,
                   (select c.client_name from connection c where c.session_id = s.session_id and c.closed_at is null
                     order by c.created_at desc limit 1)                                                 as client_name,
                   exists (select from machine n
                            where n.pool_id = p.pool_id and n.drain_since is null and n.canary_of is null
                              and (n.assigned_user_id is null or n.assigned_user_id = @user)
                              and (n.state = 'available'
                                   or (n.state in ('reserved', 'in_use')
                                       and p.sessions_per_machine > (select count(*) from session o where o.machine_id = n.machine_id and o.state <> 'ended')))) as free_machine,
                   exists (select from machine n
                            where n.pool_id = p.pool_id and n.manual and n.state = 'unreachable' and exists (select from wake_address w where w.machine_id = n.machine_id)
                              and (n.machine_id = s.machine_id or (s.session_id is null and n.drain_since is null and (n.assigned_user_id is null or n.assigned_user_id = @user)))) as sleeps
              from (select distinct pool_id from entitled_person where user_id = @user) e
              join pool p on p.pool_id = e.pool_id and not p.deleting
              left join session s on s.pool_id = p.pool_id and s.user_id = @user and s.state <> 'ended'
              left join machine m on m.machine_id = s.machine_id
              left join favourite f on f.pool_id = p.pool_id and f.user_id = @user
             order by f.pool_id is null, p.name
            """, new { user = user.Value, signIn = signInSha256 })).AsList());

    /// <summary>The applications that a user is offered, in the order of their cards; what else a card says is its pool's.</summary>
    public Task<List<OfferedApplication>> ApplicationsAsync(UserId user) => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<OfferedApplication>("""
            select a.application_id, a.pool_id, a.name, a.description, f.application_id is not null as favourite, coalesce(encode(i.sha256, 'hex'), '') as icon
              from (select distinct pool_id from entitled_person where user_id = @user) e
              join application a using (pool_id)
              left join application_favourite f on f.application_id = a.application_id and f.user_id = @user
              left join application_icon i on i.application_id = a.application_id
             where not a.narrowed or exists (select from application_group g join group_member m using (group_id) where g.application_id = a.application_id and m.user_id = @user)
             order by f.application_id is null, lower(a.name), a.application_id
            """, new { user = user.Value })).AsList());

    /// <summary>Doors of the gateways that are up, or of all when none reports.</summary>
    public Task<List<string>> GatewayDoorsAsync() => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<string>("""
            select rdp_address
              from gateway
             where connected or not exists (select from gateway where connected)
             order by rdp_address
            """)).AsList());

    [GeneratedRegex(@"@(\w+)")]
    private static partial Regex ParameterName();
}

/// <summary>One application of the employee's list.</summary>
internal sealed record OfferedApplication(Guid ApplicationId, Guid PoolId, string Name, string Description, bool Favourite, string Icon);

/// <summary>One row of the employee's list.</summary>
internal sealed record OfferedDesktop
{
    public Guid PoolId { get; init; }
    public string Name { get; init; } = "";
    public string Description { get; init; } = "";
    public bool Enabled { get; init; }
    public string BlockedFeatures { get; init; } = "";
    public string MessageOfTheDay { get; init; } = "";
    public string WayIn { get; init; } = "";
    public Guid? SessionId { get; init; }
    public string? SessionState { get; init; }
    public DateTime? StartedAt { get; init; }
    public string? MachineName { get; init; }
    public string? MachineState { get; init; }
    public string? ClientName { get; init; }
    public bool FreeMachine { get; init; }
    public bool Sleeps { get; init; }
    public bool Favourite { get; init; }
    public bool SharedMachine { get; init; }

    /// <summary>The person's card was taken out of a terminal.</summary>
    public bool Locked { get; init; }

    /// <summary>With <see cref="Locked"/>: the sign-in that asks is from before.</summary>
    public bool SignInOlder { get; init; }

    /// <summary>What the open session was opened as; null: the whole desktop, or there is none.</summary>
    public Guid? OpenApplicationId { get; init; }

    /// <summary>What runs in it now.</summary>
    public Guid[] OpenApplications { get; init; } = [];

    /// <summary>The names of what runs in it.</summary>
    public string? OpenApplication { get; init; }

    /// <summary>The session's machine starts further applications beside it.</summary>
    public bool StartsPrograms { get; init; }

    /// <summary>Set when the row is the card of an application; name and description are its own then, and the rest is its pool's.</summary>
    public Guid? ApplicationId { get; init; }
    public string PoolName { get; init; } = "";
    public string Icon { get; init; } = "";
}
