using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>What a gateway said of a synthetic log-on; times in milliseconds from the order, null where it did not come so far.</summary>
internal sealed record ProbeTimes(int? RedeemedMs, int? StartedMs, int? PictureMs);

/// <summary>SQL of synthetic log-ons, as far as gateways have to do with them.</summary>
internal sealed class ProbeStore(Database database)
{
    // INVARIANT: the session is a real one on a machine that is held back, so that nobody else can get there meanwhile and the
    // machine counts as used after it. One at a time in a pool, because the synthetic user is one user.
    private const string Begin =
        """
        with chosen as (
               select b.probe_id, m.machine_id, m.name, m.generation, p.pool_id, p.name as pool_name
                 from rollout_probe b
                 join machine m using (machine_id)
                 join pool p on p.pool_id = m.pool_id
                where b.state = 'asked'
                  and m.state = 'reserved'
                  and m.canary_of = b.rollout_id
                  and not exists (select from session s where s.pool_id = p.pool_id and s.synthetic and s.state <> 'ended')
                order by b.asked_at
                limit 1
                  for update of m, b skip locked
        ), opened as (
               insert into session (session_id, request_id, user_id, pool_id, machine_id, pool_name, machine_name, state, synthetic)
                    select @session, @session, u.user_id, c.pool_id, c.machine_id, c.pool_name, c.name, 'pending', true
                      from chosen c, app_user u
                     where u.synthetic
            returning session_id, user_id, machine_id
        ), issued as (
               insert into ticket (ticket_sha256, session_id, user_id, machine_id, expires_at)
                    select @ticket, session_id, user_id, machine_id, now() + interval '30 seconds'
                      from opened
        )
        update rollout_probe b
           set state = 'running', gateway_id = @gateway, session_id = o.session_id, generation = c.generation, began_at = now()
          from chosen c, opened o
         where b.probe_id = c.probe_id
        returning b.probe_id
        """;

    private const string Result =
        """
        update rollout_probe
           set state = case when @code::text is null then 'shown' else 'failed' end,
               shown_at = case when @code::text is null then now() end,
               ended_at = case when @code::text is null then null else now() end,
               redeemed_ms = @RedeemedMs, started_ms = @StartedMs, picture_ms = @PictureMs, reason = @code
         where probe_id = @probe
           and gateway_id = @gateway
           and state = 'running'
        """;

    /// <summary>Begins the next synthetic log-on that waits for a gateway; null when none does.</summary>
    public async Task<ProbeId?> BeginAsync(GatewayId gateway, SessionId session, byte[] ticketSha256)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var probe = await connection.QuerySingleOrDefaultAsync<Guid?>(Begin, new { gateway = gateway.Value, session = session.Value, ticket = ticketSha256 });
        return probe is { } begun ? new ProbeId(begun) : null;
    }

    /// <summary>Records what the gateway saw. A probe that was given up meanwhile stays as it is.</summary>
    public async Task ResultAsync(GatewayId gateway, ProbeId probe, RefusalReason? reason, ProbeTimes times)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(Result, new
        {
            gateway = gateway.Value, probe = probe.Value, code = reason?.ToString(), times.RedeemedMs, times.StartedMs, times.PictureMs,
        });
    }

    /// <summary>The order never reached the gateway, or cannot have been carried out any more.</summary>
    public async Task LostAsync(ProbeId probe)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update rollout_probe set state = 'lost', ended_at = now() where probe_id = @probe and state = 'running'", new { probe = probe.Value });
    }
}
