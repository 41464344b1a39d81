using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>What a redeem statement saw. Refused is the name of a reason code; the target's fields are set when it is null.</summary>
internal sealed record Redemption(
    string? Refused, Guid? SessionId, Guid? MachineId, string? MachineName, string? Address, int? Port, byte[]? CertificateSha256,
    string? UserName, string? DisplayName, string? BlockedFeatures, bool? RdGatewayEndToEnd, string? TraceParent, string? Program, string? Arguments, string? OsFamily, string? GuestSessionId);

/// <summary>A gateway as pages list it.</summary>
internal sealed record GatewayRow(Guid GatewayId, string Name, string RdpAddress, bool Connected, int Connections);

/// <summary>A connection that may not go on, and the name of the reason.</summary>
internal sealed record WithdrawnRow(Guid ConnectionId, string Code);

/// <summary>All SQL of the slice. Writes take no cancellation token (invariant 13).</summary>
internal sealed class GatewayStore(Database database)
{
    // INVARIANT: one ticket, one winner. The row lock of the update decides; the loser reads why from its own snapshot,
    // in which a ticket that was won in the same moment still looks good, so that "used" is what is left over.
    // Used once it opens only for the client whose connection broke a moment ago: same address, same session, still open
    // (ADR 15). Whoever is second in such a race finds the winner's connection in the ticket, which is not closed.
    private const string Redeem =
        """
        with won as (
               update ticket t
                  set used_at = now(), used_by = @gateway, connection_id = @connection
                 from session s
                where t.ticket_sha256 = @ticket
                  and s.session_id = t.session_id
                  and s.state <> 'ended'
                  and (s.locked_since is null or t.issued_at > s.locked_since)
                  and (   t.used_at is null
                      and t.expires_at > now()
                      and (t.client_address is null or t.client_address = @client)
                       or exists (select from connection c
                                    join app_user u on u.user_id = t.user_id and u.enabled
                                   where c.connection_id = t.connection_id
                                     and c.client_address = @client
                                     and c.opened_at is not null
                                     and c.closed_at > now() - @reuse
                                     and c.end_reason in ('ClientClosed', 'GatewayStopping', 'gateway_lost')))
            returning t.session_id, t.machine_id, t.user_id, t.issued_at
        ), unlocked as (     -- a ticket newer than the lock was asked for by a sign-in that is; the agent uncovers the screen before the picture is handed over
               update session s
                  set locked_since = null, return_key_sha256 = null, unlocked_at = now()
                 from won w
                where s.session_id = w.session_id
                  and s.locked_since < w.issued_at
            returning s.session_id, s.machine_name, s.user_id
        ), unlock_audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                    select n.user_name, 'session.unlocked', 'session', k.session_id, k.machine_name, @client
                      from unlocked k
                      join app_user n on n.user_id = k.user_id
        ), connected as (
               insert into connection (connection_id, session_id, gateway_id, client_address, client_name, in_browser)
                    select @connection, session_id, @gateway, @client, @clientName, @inBrowser
                      from won
        ), lost as (
               select t.session_id,
                      case when s.state <> 'ended' and s.locked_since >= t.issued_at then 'SESSION_LOCKED'
                           when t.used_at is not null then 'TICKET_USED'
                           when t.client_address <> @client then 'TICKET_FOREIGN'
                           when t.expires_at <= now() then 'TICKET_EXPIRED'
                           when s.state = 'ended' then 'SESSION_ENDED'
                           else 'TICKET_USED' end as refused
                 from ticket t
                 join session s on s.session_id = t.session_id
                where t.ticket_sha256 = @ticket
                  and not exists (select from won)
        ), answer as (
               select w.session_id, w.machine_id, w.user_id,
                      case when w.session_id is null then coalesce(l.refused, 'TICKET_UNKNOWN') end as refused,
                      coalesce(w.session_id, l.session_id) as about
                 from (values (1)) as one
            left join won w on true
            left join lost l on true
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address)
                    select coalesce(g.name, 'gateway'),
                           case when a.refused is not null then 'ticket.refused'
                                when exists (select from ticket b where b.ticket_sha256 = @ticket and b.used_at is not null) then 'ticket.reused'
                                else 'ticket.redeemed' end,
                           'session', a.about, '', coalesce(a.refused, 'ok'), @client
                      from answer a
                 left join gateway g on g.gateway_id = @gateway
        )
        select a.refused, a.session_id, a.machine_id, m.name as machine_name,
               coalesce(m.address, g.addresses[1]) as address, coalesce(m.port, g.rdp_port) as port,
               g.rdp_certificate_sha256 as certificate_sha256, u.user_name, u.display_name,
               array_to_string(p.blocked_features, ',') as blocked_features, p.rd_gateway_end_to_end,
               (select t.trace_parent from ticket t where t.ticket_sha256 = @ticket) as trace_parent, s.program, s.arguments, g.os_family, s.guest_session_id
          from answer a
            left join session s on s.session_id = a.session_id
            left join machine m on m.machine_id = a.machine_id
            left join pool p on p.pool_id = m.pool_id
            left join machine_agent g on g.machine_id = a.machine_id
            left join app_user u on u.user_id = a.user_id
        """;

    private const string Opened =
        """
        with opened as (
               update connection
                  set opened_at      = coalesce(opened_at, @at),
                      accepted_at    = coalesce(accepted_at, @acceptedAt),
                      client_address = case when @client = '' then client_address else @client end,
                      client_name    = case when @clientName = '' then client_name else @clientName end,
                      closed_at      = null,
                      end_reason     = null
                where connection_id = @connection
                  and gateway_id = @gateway
                  and (closed_at is null or end_reason = 'gateway_lost')
            returning session_id, accepted_at, opened_at
        )
        insert into logon_phase (session_id, name, started_at, ended_at)
             select session_id, 'connect', accepted_at, opened_at
               from opened
              where accepted_at is not null
        on conflict do nothing
        """;

    private const string Closed =
        """
        update connection
           set closed_at = least(@at, now()), end_reason = @end, bytes_from_client = @fromClient, bytes_from_machine = @fromMachine
         where connection_id = @connection
           and gateway_id = @gateway
           and closed_at is null
        """;

    private const string Failed =
        """
        with failed as (
               update connection
                  set closed_at = now(), end_reason = @code
                where connection_id = @connection
                  and gateway_id = @gateway
                  and closed_at is null
            returning session_id
        )
        insert into audit_event (actor, action, object_kind, object_id, outcome, source_address)
             select coalesce(g.name, 'gateway'), 'connection.failed', 'session', f.session_id, @code, @client
               from (values (1)) as one
            left join failed f on true
          left join gateway g on g.gateway_id = @gateway
              where f.session_id is not null
                 or @connection::uuid is null
        """;

    private const string Withdrawn =
        """
        with withdrawn as (
               select c.connection_id, c.session_id, c.client_address,
                      case when u.enabled then 'NOT_ENTITLED' else 'ACCESS_WITHDRAWN' end as code
                 from connection c
                 join session s on s.session_id = c.session_id
                 join app_user u on u.user_id = s.user_id and not u.synthetic
                where c.connection_id = any(@asked::uuid[])
                  and c.gateway_id = @gateway
                  and (   not u.enabled
                       or (not exists (select from entitled_person e where e.pool_id = s.pool_id and e.user_id = s.user_id)
                           and not exists (select from pool p where p.pool_id = s.pool_id and p.right_lost = 'keep')))
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, outcome, source_address)
                    select g.name, 'connection.withdrawn', 'session', w.session_id, w.code, w.client_address
                      from withdrawn w
                      join gateway g on g.gateway_id = @gateway
        )
        select connection_id, code from withdrawn
        """;

    private const string Join =
        """
        with used as (
               update join_token
                  set used_at = now()
                where token_sha256 = @token
                  and kind = 'gateway'
                  and used_at is null
                  and expires_at > now()
            returning gateway_name, rdp_address
        ), joined as (
               insert into gateway (gateway_id, name, rdp_address)
                    select @gateway, gateway_name, rdp_address
                      from used
               on conflict (name) do update set rdp_address = excluded.rdp_address
            returning gateway_id, name
        ), revoked as (
               update certificate c
                  set revoked_at = now()
                 from joined j
                where c.subject_id = j.gateway_id
                  and c.subject_kind = 'gateway'
                  and c.revoked_at is null
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address)
                    select coalesce(j.name, 'unknown'), 'gateway.join', 'gateway', j.gateway_id, coalesce(j.name, @name),
                           case when j.gateway_id is null then 'JOIN_TOKEN_INVALID' else 'ok' end, @source
                      from (values (1)) as one
                 left join joined j on true
        )
        select gateway_id from joined
        """;

    /// <summary>Uses a ticket, opens a connection row, writes the audit, and answers the target or the refusal.</summary>
    public async Task<Redemption> RedeemAsync(GatewayId gateway, byte[] ticketSha256, string client, string clientName, ConnectionId id, TimeSpan reuse, bool inBrowser = false)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.QuerySingleAsync<Redemption>(Redeem, new
        {
            gateway = gateway.Value, ticket = ticketSha256, client, clientName, connection = id.Value, reuse, inBrowser,
        });
    }

    /// <summary>The transport runs. Reported again after a break, it changes nothing but a mistaken "lost".</summary>
    public async Task OpenedAsync(GatewayId gateway, ConnectionId id, DateTimeOffset at, DateTimeOffset? acceptedAt, string client, string clientName)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(Opened, new
        {
            gateway = gateway.Value, connection = id.Value, at = at.UtcDateTime, acceptedAt = acceptedAt?.UtcDateTime, client, clientName,
        });
    }

    /// <summary>The transport is over.</summary>
    public async Task ClosedAsync(GatewayId gateway, ConnectionId id, DateTimeOffset at, string end, long fromClient, long fromMachine)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(Closed, new { gateway = gateway.Value, connection = id.Value, at = at.UtcDateTime, end, fromClient, fromMachine });
    }

    /// <summary>Of a gateway's open connections, those whose person may not go on, each with the name of its reason.</summary>
    public async Task<IReadOnlyList<WithdrawnRow>> WithdrawnAsync(GatewayId gateway, IReadOnlyCollection<Guid> asked)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return (await connection.QueryAsync<WithdrawnRow>(Withdrawn, new { gateway = gateway.Value, asked = asked.ToArray() })).AsList();
    }

    /// <summary>A connection never became a relay; without an id only the audit can tell.</summary>
    public async Task FailedAsync(GatewayId gateway, ConnectionId? id, string code, string client)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(Failed, new { gateway = gateway.Value, connection = id?.Value, code, client });
    }

    /// <summary>A gateway is there. Answers the database's time, from which lost connections are told. Null: no such gateway.</summary>
    public async Task<DateTime?> ConnectedAsync(GatewayId gateway)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.QuerySingleOrDefaultAsync<DateTime?>(
            """
            update gateway
               set connected = true, seen_at = now()
             where gateway_id = @gateway
            returning seen_at
            """, new { gateway = gateway.Value });
    }

    /// <summary>The gateway's stream broke. Its connections may well run on, so that they stay open here.</summary>
    public async Task DisconnectedAsync(GatewayId gateway)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update gateway set connected = false, seen_at = now() where gateway_id = @gateway", new { gateway = gateway.Value });
    }

    /// <summary>Which certificate clients see at a gateway's door.</summary>
    public async Task ShowsAsync(GatewayId gateway, string subject, DateTimeOffset notAfter)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update gateway set door_subject = @subject, door_not_after = @notAfter where gateway_id = @gateway", new { gateway = gateway.Value, subject, notAfter });
    }

    /// <summary>These are connected here. One that another node took for lost, because this one was frozen, is there again.</summary>
    public async Task BeatAsync(IReadOnlyCollection<GatewayId> here)
    {
        if (here.Count == 0) return;
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update gateway set connected = true, seen_at = now() where gateway_id = any(@here)", new { here = here.Select(gateway => gateway.Value).ToArray() });
    }

    /// <summary>Closes what a gateway that came back did not name again.</summary>
    public async Task<int> CloseLostAsync(GatewayId gateway, DateTime since, IReadOnlyCollection<Guid> named)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync(
            """
            update connection
               set closed_at = now(), end_reason = 'gateway_lost'
             where gateway_id = @gateway
               and closed_at is null
               and created_at < @since
               and connection_id <> all(@named::uuid[])
            """, new { gateway = gateway.Value, since, named = named.ToArray() });
    }

    /// <summary>Uses a gateway's join token, once. A gateway of the same name keeps its id. Null: the token is not good.</summary>
    public async Task<GatewayId?> JoinAsync(byte[] tokenSha256, GatewayId newId, string name, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var id = await connection.QuerySingleOrDefaultAsync<Guid?>(Join, new { token = tokenSha256, gateway = newId.Value, name, source });
        return id is { } found ? new GatewayId(found) : null;
    }

    /// <summary>Stores a gateway token's hash, and who asked for it.</summary>
    public async Task<DateTimeOffset> AddJoinTokenAsync(byte[] tokenSha256, string name, string rdpAddress, TimeSpan lifetime, string actor)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var expires = await connection.QuerySingleAsync<DateTime>(
            """
            with older as (
                   update join_token
                      set expires_at = now()
                    where kind = 'gateway'
                      and gateway_name = @name
                      and used_at is null
                      and expires_at > now()
            ), audited as (
                   insert into audit_event (actor, action, object_kind, object_name)
                        values (@actor, 'gateway.token', 'gateway', @name)
            )
            insert into join_token (token_sha256, kind, gateway_name, rdp_address, expires_at)
                 values (@token, 'gateway', @name, @rdpAddress, now() + @lifetime)
              returning expires_at
            """, new { token = tokenSha256, name, rdpAddress, lifetime, actor });
        return new DateTimeOffset(expires, TimeSpan.Zero);
    }

    /// <summary>All gateways with how many connections each relays.</summary>
    public async Task<IReadOnlyList<GatewayRow>> ListAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<GatewayRow>(new CommandDefinition(
            """
            select g.gateway_id, g.name, g.rdp_address, g.connected,
                   (select count(*)::integer from connection c where c.gateway_id = g.gateway_id and c.closed_at is null) as connections
              from gateway g
             order by g.name
            """, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>The gateway that relays a connection which is still open.</summary>
    public async Task<GatewayId?> GatewayOfAsync(ConnectionId id, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var gateway = await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "select gateway_id from connection where connection_id = @id and closed_at is null", new { id = id.Value }, cancellationToken: ct));
        return gateway is { } found ? new GatewayId(found) : null;
    }

    /// <summary>Removes tickets an hour after they, or the connection they opened, were over, and closes connections that were redeemed and never opened.</summary>
    public async Task SweepAsync()
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            """
            with old as (
                   delete from ticket
                    where ticket_sha256 in (select t.ticket_sha256
                                              from ticket t
                                         left join connection c on c.connection_id = t.connection_id
                                             where t.expires_at < now() - interval '1 hour'
                                               and (c.connection_id is null or c.closed_at < now() - interval '1 hour')
                                             limit 1000)
            ), lost as (
                   update gateway
                      set connected = false
                    where connected
                      and seen_at < now() - interval '90 seconds'
            )
            update connection
               set closed_at = now(), end_reason = 'never_opened'
             where closed_at is null
               and opened_at is null
               and created_at < now() - interval '5 minutes'
            """);
    }

    /// <summary>One audit row for a source that guesses tickets; the guesses after it are not written one by one.</summary>
    public async Task TooManyAsync(GatewayId gateway, string client, string action)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            """
            insert into audit_event (actor, action, object_kind, object_id, outcome, source_address)
                 select name, @action, 'gateway', gateway_id, 'TOO_MANY_CONNECTIONS', @client
                   from gateway
                  where gateway_id = @gateway
            """, new { gateway = gateway.Value, client, action });
    }
}
