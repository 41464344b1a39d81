using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>An assistance as the console shows it.</summary>
internal sealed record AssistanceRow(
    Guid AssistanceId, Guid SessionId, string State, bool Control, string Reason, string Administrator, DateTime AskedAt, DateTime? AnsweredAt, DateTime? BeganAt,
    DateTime? EndedAt, string? EndReason, DateTime? StateUntil);

/// <summary>An assistance as its gateway is told of it.</summary>
internal sealed record OrderRow(Guid AssistanceId, Guid ConnectionId, string State, bool Control, string ShownName, string Reason);

/// <summary>What an asking statement saw. Refused is the name of a reason code.</summary>
internal sealed record AskedRow(string? Refused);

/// <summary>A ticket that was stored; null where the assistance is over or somebody else's.</summary>
internal sealed record OpeningRow(string Address, DateTime ExpiresAt);

/// <summary>What a redemption saw. Refused is the name of a reason code; the rest is set when it is null.</summary>
internal sealed record RedeemedRow(string? Refused, Guid? AssistanceId, Guid? ConnectionId, bool? Control, string? ShownName, string? Desktop);

/// <summary>Who asks, for which session.</summary>
internal sealed record AskFor(AssistanceId Id, SessionId Session, UserId Administrator, string UserName, string ShownName, byte[] SignInSha256, bool Control, string Reason, string Source);

/// <summary>All SQL of the slice. Every change of state is one guarded statement that writes its audit row; writes take no cancellation token.</summary>
internal sealed class AssistanceStore(Database database)
{
    private const string Rows =
        """
        select assistance_id, session_id, state, control, reason, administrator, asked_at, answered_at, began_at, ended_at, end_reason, state_until
          from assistance
        """;

    private const string Orders =
        """
        select assistance_id, connection_id, state, control, shown_name, reason
          from assistance
         where gateway_id = @gateway
        """;

    // INVARIANT: a session has one open assistance; the partial unique index decides between two who ask at once.
    private const string Ask =
        """
        with target as (
               select s.session_id, s.machine_name, s.state as session_state, c.connection_id, c.gateway_id, c.in_browser,
                      exists (select from assistance o where o.session_id = s.session_id and o.state in ('asked', 'granted', 'watching')) as running
                 from session s
            left join lateral (select connection_id, n.gateway_id, in_browser
                                 from connection n
                                 join gateway g on g.gateway_id = n.gateway_id and g.connected
                                where n.session_id = s.session_id
                                  and opened_at is not null
                                  and closed_at is null
                                order by n.created_at desc
                                limit 1) c on true
                where s.session_id = @session
        ), asked as (
               insert into assistance (assistance_id, session_id, connection_id, gateway_id, administrator_id, administrator, shown_name, sign_in_sha256,
                                       control, reason, state, state_until)
                    select @id, session_id, connection_id, gateway_id, @administrator, @userName, @shownName, @signIn, @control, @reason, 'asked', now() + @within
                      from target
                     where session_state <> 'ended'
                       and in_browser
               on conflict do nothing
            returning assistance_id
        ), outcome as (
               select t.session_id, t.machine_name,
                      case when exists (select from asked) then null
                           when t.session_state = 'ended' then 'SESSION_ENDED'
                           when t.running then 'ASSIST_RUNNING'
                           when t.connection_id is null then 'ASSIST_NOT_CONNECTED'
                           when not t.in_browser then 'ASSIST_NOT_IN_BROWSER'
                           else 'ASSIST_RUNNING' end as refused
                 from target t
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address, reference)
                    select @userName, 'assistance.asked', 'session', session_id, machine_name, coalesce(refused, 'ok'), @source, @what || ': ' || @reason
                      from outcome
        )
        select refused from outcome
        """;

    private const string Answer =
        """
        with answered as (
               update assistance
                  set state       = case when @granted then 'granted' else 'denied' end,
                      state_until = case when @granted then now() + @within end,
                      answered_at = now(),
                      ended_at    = case when @granted then null else now() end,
                      end_reason  = case when @granted then null else 'person' end
                where assistance_id = @id
                  and gateway_id    = @gateway
                  and state         = 'asked'
                  and state_until   > now()
            returning session_id, control, administrator
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, reference)
                    select u.user_name, case when @granted then 'assistance.granted' else 'assistance.denied' end, 'session', s.session_id, s.machine_name,
                           case when a.control then 'control: ' else 'look: ' end || a.administrator
                      from answered a
                      join session s on s.session_id = a.session_id
                      join app_user u on u.user_id = s.user_id
        )
        select count(*)::integer from answered
        """;

    private const string Open =
        """
        update assistance a
           set ticket_sha256 = @ticket, ticket_expires_at = now() + @lifetime, ticket_used_at = null
          from gateway g
         where a.assistance_id    = @id
           and a.administrator_id = @administrator
           and a.sign_in_sha256   = @signIn
           and (a.state = 'watching' or a.state = 'granted' and a.state_until > now())
           and g.gateway_id       = a.gateway_id
           and g.portal_address  <> ''
        returning g.portal_address as address, a.ticket_expires_at as expires_at
        """;

    // INVARIANT: one ticket, one winner, and only while the one who asked is signed in and an administrator.
    private const string Redeem =
        """
        with won as (
               update assistance a
                  set ticket_used_at = now(), state = 'watching', state_until = null, began_at = coalesce(a.began_at, now())
                 from session s, sign_in i, app_user u
                where a.ticket_sha256     = @ticket
                  and a.gateway_id        = @gateway
                  and a.ticket_used_at    is null
                  and a.ticket_expires_at > now()
                  and a.state             in ('granted', 'watching')
                  and s.session_id        = a.session_id
                  and s.state            <> 'ended'
                  and i.token_sha256      = a.sign_in_sha256
                  and i.expires_at        > now()
                  and u.user_id           = a.administrator_id
                  and u.enabled
                  and u.administrator
            returning a.assistance_id, a.session_id, a.connection_id, a.control, a.shown_name, a.administrator, s.machine_name, a.began_at = now() as began
        ), lost as (
               select a.session_id, a.administrator, s.machine_name,
                      case when a.ticket_used_at is not null then 'TICKET_USED'
                           when a.gateway_id <> @gateway then 'TICKET_FOREIGN'
                           when a.ticket_expires_at <= now() then 'TICKET_EXPIRED'
                           when a.state not in ('granted', 'watching') then 'ASSIST_OVER'
                           when s.state = 'ended' then 'SESSION_ENDED'
                           else 'TICKET_USED' end as refused
                 from assistance a
                 join session s on s.session_id = a.session_id
                where a.ticket_sha256 = @ticket
                  and not exists (select from won)
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address, reference)
                    select administrator, case when began then 'assistance.began' else 'assistance.reopened' end, 'session', session_id, machine_name, 'ok', @client,
                           case when control then 'control' else 'look' end
                      from won
                    union all
                    select administrator, 'assistance.refused', 'session', session_id, machine_name, refused, @client, ''
                      from lost
        )
        select case when w.assistance_id is null then coalesce(l.refused, 'TICKET_UNKNOWN') end as refused,
               w.assistance_id, w.connection_id, w.control, w.shown_name, w.machine_name as desktop
          from (values (1)) as one
          left join won w on true
          left join lost l on true
        """;

    // How long it was is told from the first picture; a question that was taken back was nothing long.
    private const string End =
        """
        with over as (
               update assistance a
                  set state = 'ended', state_until = null, ended_at = now(), end_reason = @why
                where assistance_id = @id
                  and state in ('asked', 'granted', 'watching')
                  and (@gateway::uuid is null or gateway_id = @gateway)
            returning session_id, coalesce(extract(epoch from ended_at - began_at), 0)::integer as seconds
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, source_address, reference)
                    select case when @why = 'person' then u.user_name else coalesce(@actor, g.name, 'gateway') end, 'assistance.ended', 'session', s.session_id, s.machine_name, @source,
                           @why || ' ' || o.seconds
                      from over o
                      join session s on s.session_id = o.session_id
                      join app_user u on u.user_id = s.user_id
                 left join gateway g on g.gateway_id = @gateway
        )
        select count(*)::integer from over
        """;

    // What was compared must still be so when the row is locked: an answer of the same instant keeps its assistance.
    private const string Compare =
        """
        with compared as (
               select o.assistance_id, o.state, o.state_until,
                      case when s.state = 'ended' then 'session'
                           when c.closed_at is not null then 'connection'
                           when i.token_sha256 is null or i.expires_at <= now() then 'sign_in'
                           when not (u.enabled and u.administrator) then 'right'
                           when o.state = 'asked' and o.state_until <= now() then 'no_answer'
                           when o.state = 'granted' and o.state_until <= now() then 'not_opened' end as why
                 from assistance o
                 join session s on s.session_id = o.session_id
                 join connection c on c.connection_id = o.connection_id
                 join app_user u on u.user_id = o.administrator_id
            left join sign_in i on i.token_sha256 = o.sign_in_sha256
                where o.state in ('asked', 'granted', 'watching')
        ), over as (
               update assistance a
                  set state = case when c.why = 'no_answer' then 'expired' else 'ended' end, state_until = null, ended_at = now(), end_reason = c.why
                 from compared c
                where a.assistance_id = c.assistance_id
                  and c.why is not null
                  and a.state = c.state
                  and a.state_until is not distinct from c.state_until
            returning a.session_id, a.state, c.why, coalesce(extract(epoch from a.ended_at - a.began_at), 0)::integer as seconds
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, reference)
                    select 'broker', 'assistance.' || o.state, 'session', s.session_id, s.machine_name, o.why || ' ' || o.seconds
                      from over o
                      join session s on s.session_id = o.session_id
        )
        select count(*)::integer from over
        """;

    /// <summary>Asks; the session may be none.</summary>
    public async Task<AskedRow?> AskAsync(AskFor ask, TimeSpan within)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<AskedRow>(Ask, new
        {
            id = ask.Id.Value, session = ask.Session.Value, administrator = ask.Administrator.Value, ask.UserName, ask.ShownName, signIn = ask.SignInSha256,
            ask.Control, ask.Reason, ask.Source, what = ask.Control ? "control" : "look", within,
        });
    }

    /// <summary>True when the person's answer counted: asked at this gateway, and in time.</summary>
    public async Task<bool> AnswerAsync(GatewayId gateway, AssistanceId id, bool granted, TimeSpan within)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<int>(Answer, new { gateway = gateway.Value, id = id.Value, granted, within }) == 1;
    }

    /// <summary>Stores a ticket, which replaces the one before; null where this sign-in may not open this assistance now.</summary>
    public async Task<OpeningRow?> OpenAsync(AssistanceId id, UserId administrator, byte[] signIn, byte[] ticket, TimeSpan lifetime)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<OpeningRow>(Open, new { id = id.Value, administrator = administrator.Value, signIn, ticket, lifetime });
    }

    /// <summary>Uses a ticket, once.</summary>
    public async Task<RedeemedRow> RedeemAsync(GatewayId gateway, byte[] ticket, string client)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<RedeemedRow>(Redeem, new { gateway = gateway.Value, ticket, client });
    }

    /// <summary>Ends an open assistance; false when it was over. A gateway ends only its own.</summary>
    public async Task<bool> EndAsync(AssistanceId id, string why, GatewayId? gateway, string? actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<int>(End, new { id = id.Value, why, gateway = gateway?.Value, actor, source }) == 1;
    }

    /// <summary>Ends what has run out of time, or lost what it lives by; answers how many.</summary>
    public async Task<int> CompareAsync()
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<int>(Compare);
    }

    /// <summary>Where administrators' browsers reach this gateway; without an address of its own, the host of its RDP door and this port.</summary>
    public async Task PortalAtAsync(GatewayId gateway, string address, int port)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            update gateway
               set portal_address = case when @address <> '' then @address
                                         when @port = 0 then ''
                                         else 'https://' || regexp_replace(rdp_address, ':[0-9]+$', '') || ':' || @port end
             where gateway_id = @gateway
            """, new { gateway = gateway.Value, address, port });
    }

    /// <summary>Those of a session, newest first.</summary>
    public async Task<IReadOnlyList<AssistanceRow>> ListAsync(SessionId session, int most, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<AssistanceRow>(new CommandDefinition(
            $"""
            {Rows}
             where session_id = @session
             order by asked_at desc
             limit @most
            """, new { session = session.Value, most }, cancellationToken: ct));
        return rows.AsList();
    }

    public async Task<AssistanceRow?> FindAsync(AssistanceId id, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<AssistanceRow>(new CommandDefinition($"{Rows} where assistance_id = @id", new { id = id.Value }, cancellationToken: ct));
    }

    /// <summary>What is open at a gateway.</summary>
    public async Task<IReadOnlyList<OrderRow>> OpenOrdersAsync(GatewayId gateway, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<OrderRow>(new CommandDefinition(
            $"{Orders} and state in ('asked', 'granted', 'watching')", new { gateway = gateway.Value }, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>These, as far as they are of this gateway, open or over.</summary>
    public async Task<IReadOnlyList<OrderRow>> OrdersAsync(GatewayId gateway, Guid[] ids, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<OrderRow>(new CommandDefinition(
            $"{Orders} and assistance_id = any(@ids::uuid[])", new { gateway = gateway.Value, ids }, cancellationToken: ct));
        return rows.AsList();
    }
}
