using Dapper;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>What a hello did.</summary>
/// <param name="Name">The machine's name.</param>
/// <param name="State">The machine's state now.</param>
/// <param name="Rebooted">True when the agent came with another boot than last time.</param>
internal sealed record Greeted(string Name, string State, bool Rebooted);

/// <summary>All SQL of the slice. Writes take no cancellation token (invariant 13).</summary>
internal sealed class AgentStore(Database database)
{
    // The machine is locked before its operation, as in the end of a session, so that the two never wait in a circle.
    // INVARIANT: a floating machine whose overlay was used goes to refresh here, whatever was missed meanwhile.
    private const string Greet =
        """
        with held as (
               select m.machine_id, m.name, m.state, m.manual, a.boot_id, o.state as open,
                      p.kind = 'floating' and not m.manual and m.used_generation is not distinct from m.generation as used
                 from machine m
                 join pool p on p.pool_id = m.pool_id
            left join machine_agent a on a.machine_id = m.machine_id
            left join lateral (select s.state
                                 from session s
                                where s.machine_id = m.machine_id
                                  and s.state <> 'ended'
                             order by s.state = 'pending'
                                limit 1) o on true
                where m.machine_id = @machine
                  and m.state <> 'deleting'
                  for no key update of m
        ), said as (
               insert into machine_agent (machine_id, connected, node_id, agent_version, operating_system, os_family, computer_name,
                                          addresses, rdp_port, rdp_certificate_sha256, boot_id, booted_at, starts_programs, seen_at)
                    select machine_id, true, @node, @version, @system, @family, @computer,
                           @addresses::text[], @port, @certificate::bytea, @boot, @booted, @startsPrograms, now()
                      from held
               on conflict (machine_id) do update
                       set connected = true, node_id = excluded.node_id, agent_version = excluded.agent_version,
                           operating_system = excluded.operating_system, os_family = excluded.os_family,
                           computer_name = excluded.computer_name, addresses = excluded.addresses, rdp_port = excluded.rdp_port,
                           rdp_certificate_sha256 = excluded.rdp_certificate_sha256, boot_id = excluded.boot_id,
                           booted_at = excluded.booted_at, starts_programs = excluded.starts_programs, seen_at = now()
        ), awaited as (
               update operation o
                  set state    = case when h.used and h.open is null then 'running' else 'done' end,
                      kind     = case when h.used and h.open is null then 'refresh' else o.kind end,
                      step     = case when h.used and h.open is null then 'stop' else o.step end,
                      deadline = case when h.used and h.open is null then null else o.deadline end,
                      ended_at = case when h.used and h.open is null then null else now() end,
                      error    = null
                 from held h
                where o.machine_id = h.machine_id
                  and o.state = 'running'
                  and o.step in ('start', 'restore', 'await_agent', 'magic_packet')   -- a killed broker may not have noted that it had started the machine
                  and o.kind in ('provision', 'refresh', 'restart', 'wake')
                  and (h.state = 'provisioning' or o.step = 'magic_packet')
            returning o.machine_id, o.operation_id, o.kind, o.step, o.state, o.started_at, o.step_since
        ), measured as (
               insert into machine_start (host_id, pool_id, machine_id, asked_at, powered_on_at, ended_at, reported)
                    select case when a.step <> 'magic_packet' then m.host_id end, m.pool_id, m.machine_id, a.started_at, a.step_since, now(), true
                      from awaited a
                      join machine m on m.machine_id = a.machine_id
                     where m.host_id is not null or a.step = 'magic_packet'
        ), forgotten as (
               delete from wake_address w
                using held h
                where w.machine_id = h.machine_id
                  and w.learned
                  and cardinality(@macs) > 0
                  and w.mac <> all(@macs::text[]::macaddr[])
        ), learned as (
               insert into wake_address (machine_id, mac, broadcast, learned)
                    select h.machine_id, c.mac::macaddr, c.broadcast::inet, true
                      from held h
                cross join unnest(@macs::text[], @broadcasts::text[]) as c (mac, broadcast)
                     where h.manual
                       and not exists (select from wake_address w where w.machine_id = h.machine_id and not w.learned)
               on conflict (machine_id, mac) do update
                       set broadcast = excluded.broadcast
                     where wake_address.learned
                       and wake_address.broadcast is distinct from excluded.broadcast
        ), proved as (
               update pool p
                  set creation_failures = 0, creation_held_until = null, creation_error = null
                 from awaited a
                 join machine m on m.machine_id = a.machine_id
                where p.pool_id = m.pool_id
                  and a.kind = 'provision'
                  and p.creation_failures > 0
        ), wanted as (
               select h.machine_id,
                      case when h.state not in ('provisioning', 'unreachable') then h.state
                           when h.state = 'provisioning'
                                and not exists (select from awaited)
                                and not (h.manual and not exists (select
                                                                    from operation r
                                                                   where r.machine_id = h.machine_id
                                                                     and r.state = 'running')) then h.state
                           when h.open = 'pending' then 'reserved'
                           when h.open is not null then 'in_use'
                           when h.used then 'provisioning'
                           else 'available' end as state
                 from held h
        ), moved as (
               update machine m
                  set state = w.state, state_since = now(), power = 'on'
                 from wanted w
                where m.machine_id = w.machine_id
                  and m.state <> w.state
            returning m.machine_id, m.name, m.state
        ), refreshed as (
               insert into operation (operation_id, kind, machine_id, step, state, reason, cause)
                    select @operation, 'refresh', h.machine_id, 'stop', 'running', 'used_while_unreachable', 'log_off'
                      from held h
                      join wanted w on w.machine_id = h.machine_id
                     where h.state = 'unreachable'
                       and w.state = 'provisioning'
               on conflict (machine_id) where state = 'running' do nothing
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, reference)
                    select m.name, 'machine.' || case when h.state = 'unreachable' then 'returned' else 'ready' end, 'machine', m.machine_id, m.name,
                           coalesce((select a.kind || ' took ' || round(extract(epoch from now() - a.started_at)) || ' s' from awaited a), '')
                      from moved m
                      join held h on h.machine_id = m.machine_id
        )
        select h.name, w.state, h.boot_id is not null and h.boot_id <> '' and h.boot_id <> @boot as rebooted
          from held h
          join wanted w on w.machine_id = h.machine_id
        """;

    // Guarded by the time of the last hello, so that an agent that has just come back is not called silent.
    private const string Silence =
        """
        with silent as (
               update machine_agent a
                  set connected = false
                 from (select * from unnest(@machines::uuid[]) as u (machine_id) order by machine_id) v
                where a.machine_id = v.machine_id
                  and a.connected
                  and a.node_id = @node
                  and a.seen_at <= now() - @silence
            returning a.machine_id
        ), lost as (
               update machine m
                  set state = 'unreachable', state_since = now()
                 from silent s
                where m.machine_id = s.machine_id
                  and m.state in ('available', 'reserved', 'in_use')
            returning m.machine_id, m.name
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
                    select 'broker', 'machine.unreachable', 'machine', machine_id, name, 'AGENT_SILENT'
                      from lost
        )
        select s.machine_id, l.machine_id is not null as lost
          from silent s
          left join lost l on l.machine_id = s.machine_id
        """;

    private const string Orphans =
        """
        with recursive holding as (      -- nodes that hold agents, one step along the index for each
               (select node_id from machine_agent where connected and node_id is not null order by node_id limit 1)
                union all
               select (select a.node_id from machine_agent a where a.connected and a.node_id > h.node_id order by a.node_id limit 1)
                 from holding h
                where h.node_id is not null
        ), gone as materialized (
               select h.node_id
                 from holding h
                where h.node_id <> @node
                  and not exists (select
                                    from lease l
                                   where l.role = 'agents:' || h.node_id
                                     and l.expires_at > now())
        ), silent as (
               update machine_agent a
                  set connected = false
                 from gone g
                where a.connected
                  and a.node_id = g.node_id
            returning a.machine_id
        ), lost as (
               update machine m
                  set state = 'unreachable', state_since = now()
                 from silent s
                where m.machine_id = s.machine_id
                  and m.state in ('available', 'reserved', 'in_use')
            returning m.machine_id, m.name
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
                    select 'broker', 'machine.unreachable', 'machine', machine_id, name, 'AGENT_SILENT'
                      from lost
        )
        select count(*) from lost
        """;

    private const string Quarantine =
        """
        with revoked as (
               update certificate
                  set revoked_at = now()
                where subject_id = @machine
                  and subject_kind = 'machine'
                  and revoked_at is null
        ), faulted as (
               update machine
                  set state = 'faulted', state_since = now()
                where machine_id = @machine
                  and state not in ('faulted', 'deleting')
            returning machine_id, name
        ), silent as (
               update machine_agent
                  set connected = false
                where machine_id = @machine
        )
        insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address, reference)
             select 'broker', 'machine.quarantine', 'machine', machine_id, name, 'DUPLICATE_IDENTITY', @first, @second
               from faulted
        """;

    private const string Join =
        """
        with used as (
               update join_token t
                  set used_at = now()
                 from machine m
                where t.token_sha256 = @token
                  and t.kind = 'machine'
                  and t.used_at is null
                  and t.expires_at > now()
                  and m.machine_id = t.machine_id
                  and m.state <> 'deleting'
                  and (m.manual or m.machine_id = @systemUuid)
            returning m.machine_id, m.name
        ), revoked as (
               update certificate c
                  set revoked_at = now()
                 from used u
                where c.subject_id = u.machine_id
                  and c.subject_kind = 'machine'
                  and c.revoked_at is null
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address)
                    select coalesce(u.name, 'unknown'), 'machine.join', 'machine', u.machine_id, coalesce(u.name, @computer),
                           case when u.machine_id is null then 'JOIN_TOKEN_INVALID' else 'ok' end, @source
                      from (values (1)) as one
                 left join used u on true
        )
        select machine_id from used
        """;

    private const string NewToken =
        """
        with older as (
               update join_token
                  set expires_at = now()
                where machine_id = @machine
                  and used_at is null
                  and expires_at > now()
        )
        insert into join_token (token_sha256, kind, machine_id, expires_at)
             values (@token, 'machine', @machine, now() + @lifetime)
          returning expires_at
        """;

    /// <summary>Records what the agent said and lets the machine take the state that follows. Null: no such machine.</summary>
    public async Task<Greeted?> GreetAsync(MachineId machine, Guid node, Hello hello, OperationId refresh)
    {
        var cards = Cards(hello);
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.QuerySingleOrDefaultAsync<Greeted>(Greet, new
        {
            macs = cards.Select(c => c.Mac).ToArray(), broadcasts = cards.Select(c => c.Broadcast).ToArray(),
            machine = machine.Value, node, operation = refresh.Value,
            version = Bounded.Text(hello.AgentVersion, 100), system = Bounded.Text(hello.OperatingSystem, 200),
            family = Bounded.Text(hello.OperatingSystemFamily, 20), computer = Bounded.Text(hello.ComputerName, 100),
            addresses = hello.Addresses.Take(16).Select(a => Bounded.Text(a, 45)).ToArray(),
            port = hello.RdpPort is > 0 and <= 65535 ? (int?)hello.RdpPort : null,
            certificate = hello.RdpCertificateSha256.Length == 32 ? hello.RdpCertificateSha256.ToByteArray() : null,
            boot = Bounded.Text(hello.BootId, 64), booted = hello.BootedAt?.ToDateTime(), startsPrograms = hello.StartsPrograms,
        });
    }

    // A card is told once for each of its addresses; the first with a subnet says where it is woken.
    private static List<(string Mac, string? Broadcast)> Cards(Hello hello) =>
        [.. hello.NetworkCards.Take(16).Where(c => c.Mac.Length == 6).Select(c => (Mac: WakeAddress.Parse(Convert.ToHexString(c.Mac.Span)), Broadcast: WakeAddress.BroadcastOf(c.Address, (int)Math.Min(c.PrefixLength, 128))))
            .Where(c => c.Mac is not null).GroupBy(c => WakeAddress.Show(c.Mac!)).Select(g => (g.Key, g.Select(c => c.Broadcast).FirstOrDefault(b => b is not null)))];

    /// <summary>Writes that these machines are silent. Answers those for which it was still true, and whether the state changed.</summary>
    public async Task<IReadOnlyList<(MachineId Machine, bool Lost)>> SilenceAsync(IEnumerable<MachineId> machines, Guid node, TimeSpan silence)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var rows = await connection.QueryAsync<(Guid Id, bool Lost)>(Silence, new { machines = Sorted(machines), node, silence });
        return rows.Select(r => (new MachineId(r.Id), r.Lost)).ToList();
    }

    /// <summary>Writes when agents were last heard, sorted, in one statement.</summary>
    public async Task SeenAsync(IEnumerable<MachineId> machines, Guid node)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            """
            update machine_agent a
               set seen_at = now()
              from (select * from unnest(@machines::uuid[]) as u (machine_id) order by machine_id) v
             where a.machine_id = v.machine_id
               and a.node_id = @node
               and a.connected
            """, new { machines = Sorted(machines), node });
    }

    /// <summary>Says that this node is alive and holds its agents; answers the epoch of the leader, whichever node that is.</summary>
    public async Task<long> HoldAsync(Guid node, TimeSpan lifetime)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>(
            """
            with dead as (
                   delete from lease
                    where role like 'agents:%'
                      and expires_at < now() - interval '1 day'
            )
            insert into lease (role, node_id, epoch, expires_at)
                 values ('agents:' || @node, @node, 0, now() + @lifetime)
            on conflict (role) do update set expires_at = excluded.expires_at
              returning coalesce((select epoch from lease where role = 'leader'), 0)
            """, new { node, lifetime });
    }

    /// <summary>Machines of nodes that are gone become unreachable. Answers how many did.</summary>
    public async Task<int> SilenceOrphansAsync(Guid node)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<int>(Orphans, new { node });
    }

    /// <summary>One identity in two places: the machine is faulted and its certificates are worth nothing any more.</summary>
    public async Task QuarantineAsync(MachineId machine, string firstAddress, string secondAddress)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(Quarantine, new { machine = machine.Value, first = firstAddress, second = secondAddress });
    }

    /// <summary>Uses a join token, once. Null: unknown, used, expired or for another machine; the caller is not told which.</summary>
    public async Task<MachineId?> JoinAsync(byte[] tokenSha256, Guid systemUuid, string computerName, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var id = await connection.QuerySingleOrDefaultAsync<Guid?>(Join, new
        {
            token = tokenSha256, systemUuid, computer = Bounded.Text(computerName, 100), source,
        });
        return id is { } found ? new MachineId(found) : null;
    }

    /// <summary>Stores a new token's hash; older ones of the machine expire in the same statement.</summary>
    public async Task<DateTimeOffset> AddJoinTokenAsync(MachineId machine, byte[] tokenSha256, TimeSpan lifetime)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var expires = await connection.QuerySingleAsync<DateTime>(NewToken, new { machine = machine.Value, token = tokenSha256, lifetime });
        return new DateTimeOffset(expires, TimeSpan.Zero);
    }

    private static Guid[] Sorted(IEnumerable<MachineId> machines) => machines.Select(m => m.Value).Order().ToArray();
}
