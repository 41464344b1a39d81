using Dapper;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>A program that is to run in a session, beside whatever else does.</summary>
internal sealed record ProgramRow
{
    public Guid SessionId { get; init; }
    public Guid ApplicationId { get; init; }
    public Guid MachineId { get; init; }
    public Guid LaunchId { get; init; }
    public string Program { get; init; } = "";
    public string Arguments { get; init; } = "";
    public string OsFamily { get; init; } = "";
    public string? GuestSessionId { get; init; }
    public bool Due { get; init; }

    /// <summary>The session was opened with it.</summary>
    public bool First { get; init; }
}

internal sealed partial class SessionStore
{
    /// <summary>Between the names that <see cref="ProgramsOfSession"/> answers.</summary>
    internal const char NameEnd = '\x1f';

    /// <summary>Names of the applications that are open in a session <c>s</c>, or of an ended one all that were, in the order of their opening.</summary>
    internal const string ProgramsOfSession =
        """
        coalesce((select string_agg(p.name, chr(31) order by p.asked_at, p.name)
                    from session_program p
                   where p.session_id = s.session_id
                     and case when s.state = 'ended' then p.started_at is not null else p.ended_at is null end), '')
        """;

    private const string Programs =
        """
        select p.session_id, p.application_id, s.machine_id, p.launch_id, p.program, p.arguments, g.os_family, s.guest_session_id, p.due,
               p.application_id = s.application_id as first
          from session_program p
          join session s on s.session_id = p.session_id and s.state <> 'ended'
          join machine_agent g on g.machine_id = s.machine_id
        """;

    // A report that was on its way when the order was carried out is put right by the next one.
    private const string ProgramsSeen =
        """
        with changed as (
               update session_program p
                  set ended_at = case when n.runs then null else now() end, started_at = coalesce(p.started_at, case when n.runs then now() end)
                 from session s
                 join session_program q on q.session_id = s.session_id
           cross join lateral (select case when q.application_id = s.application_id then @first else q.application_id::text end = any(@names::text[]) as runs) n
                where s.session_id = @session
                  and s.machine_id = @machine
                  and s.state <> 'ended'
                  and p.session_id = q.session_id
                  and p.application_id = q.application_id
                  and not p.due
                  and n.runs = (p.ended_at is not null)
            returning p.session_id
        )
        insert into change (kind, object_id) select distinct 'session', session_id from changed
        """;

    private static readonly string ProgramStarted = ProgramAnswered("started_at = coalesce(started_at, now()), ended_at = null", "ok");
    private static readonly string ProgramRefused = ProgramAnswered("ended_at = now()", "OTHER_PROGRAM_OPEN");

    private static string ProgramAnswered(string changes, string outcome) =>
        $"""
        with answered as (
               update session_program
                  set due = false, {changes}
                where session_id = @session
                  and application_id = @application
                  and launch_id = @launch
                  and due
            returning session_id, name
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, reference)
                    select u.user_name, 'session.program', 'session', t.session_id, s.machine_name, '{outcome}', left(t.name, 200)
                      from answered t
                      join session s on s.session_id = t.session_id
                      join app_user u on u.user_id = s.user_id
        )
        insert into change (kind, object_id) select 'session', session_id from answered
        """;

    /// <summary>What the machine's agent is to be asked for when somebody comes back to a program; null: nothing.</summary>
    public async Task<ProgramRow?> ProgramAsync(SessionId session, Guid application, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<ProgramRow>(new CommandDefinition(
            $"{Programs} where p.session_id = @session and p.application_id = @application and (p.due or g.starts_programs)",
            new { session = session.Value, application }, cancellationToken: ct));
    }

    /// <summary>Programs that agents of this node are still to start, in sessions that are there.</summary>
    public async Task<IReadOnlyList<ProgramRow>> ProgramsDueAsync(Node node, int most, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ProgramRow>(new CommandDefinition(
            $"{Programs} where p.due and p.ended_at is null and s.guest_session_id is not null and g.connected and g.node_id = @node order by p.asked_at limit @most",
            new { node = node.Id, most }, cancellationToken: ct))).AsList();
    }

    /// <summary>The agent started it, or it ran.</summary>
    public Task ProgramStartedAsync(ProgramRow row) => WriteProgramAsync(ProgramStarted, row);

    /// <summary>The agent cannot start it.</summary>
    public Task ProgramRefusedAsync(ProgramRow row) => WriteProgramAsync(ProgramRefused, row);

    /// <summary>Records which programs of a session run, by the names under which agents know them.</summary>
    public async Task ProgramsSeenAsync(MachineId machine, SessionId session, IReadOnlyList<string> names)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(ProgramsSeen, new { machine = machine.Value, session = session.Value, names = names.ToArray(), first = StartPrograms.FirstName });
    }

    private async Task WriteProgramAsync(string sql, ProgramRow row)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(sql, new { session = row.SessionId, application = row.ApplicationId, launch = row.LaunchId });
    }
}
