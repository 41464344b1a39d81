using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>A host that does not answer, or that somebody confirmed to be off, and the sessions that are open on it.</summary>
internal sealed record SilentHost(HostId Host, string Name, HostFacts Facts, IReadOnlyList<(SessionId Session, MachineId Machine)> Sessions);

/// <summary>A domain on a host of a machine that is elsewhere; its files go too unless the machine uses them from there.</summary>
internal readonly record struct StrayDomain(MachineId Machine, bool WithFiles);

/// <summary>SQL of machines that leave a lost host, and of what they leave behind there.</summary>
internal sealed class RecoveryStore(Database database)
{
    /// <summary>Facts of a host; for use after <c>host h left join host_reading r left join shared_storage t</c>.</summary>
    internal const string Facts =
        """
        coalesce(r.reached, false) as answers, extract(epoch from now() - r.silent_since)::double precision as silent_seconds, h.fenced_at is not null as fenced,
        (select count(*)::int from machine m join machine_agent a using (machine_id) where m.host_id = h.host_id and a.connected) as agents,
        extract(epoch from t.takeover_after)::double precision as takeover_seconds
        """;

    /// <summary>Facts as they are read.</summary>
    internal sealed record FactsRow
    {
        public Guid HostId { get; init; }
        public string Name { get; init; } = "";
        public bool Answers { get; init; }
        public double? SilentSeconds { get; init; }
        public bool Fenced { get; init; }
        public int Agents { get; init; }
        public double? TakeoverSeconds { get; init; }

        public HostFacts ToFacts() => new(Answers, Seconds(SilentSeconds), Fenced, Agents, Seconds(TakeoverSeconds));

        private static TimeSpan? Seconds(double? seconds) => seconds is { } known ? TimeSpan.FromSeconds(known) : null;
    }

    /// <summary>Hosts that do not answer and have machines of ours.</summary>
    public async Task<IReadOnlyList<SilentHost>> SilentAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<FactsRow>(new CommandDefinition($"""
            select h.host_id, h.name, {Facts}
              from host h left join host_reading r using (host_id) left join shared_storage t on t.name = h.shared_storage
             where (h.fenced_at is not null or r.silent_since is not null)
               and exists (select from machine m where m.host_id = h.host_id and not m.manual)
            """, cancellationToken: ct))).AsList();
        if (rows.Count == 0) return [];
        var sessions = (await connection.QueryAsync<(Guid Host, Guid Session, Guid Machine)>(new CommandDefinition("""
            select m.host_id, s.session_id, m.machine_id
              from machine m join session s using (machine_id)
             where m.host_id = any(@hosts) and not m.manual and s.state <> 'ended'
            """, new { hosts = rows.Select(r => r.HostId).ToArray() }, cancellationToken: ct))).ToLookup(s => s.Host);
        return [.. rows.Select(r => new SilentHost(new(r.HostId), r.Name, r.ToFacts(), [.. sessions[r.HostId].Select(s => (new SessionId(s.Session), new MachineId(s.Machine)))]))];
    }

    /// <summary>
    /// Has every machine of the host made elsewhere that has nobody on it: a person's own one from its disk, if the storage is
    /// shared, any other one from its image. Those that were being deleted are gone. Answers how many.
    /// </summary>
    public async Task<int> LeaveAsync(HostId host)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<int>("""
            with leaving as (
                select m.machine_id, m.name, m.state, m.assigned_user_id is not null as personal
                  from machine m join host h using (host_id)
                 where m.host_id = @host and not m.manual
                   and (m.assigned_user_id is null or h.shared_storage is not null or m.state = 'deleting'
                        or exists (select from operation o where o.machine_id = m.machine_id and o.state = 'running' and o.kind in ('provision', 'refresh')))
                   and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
                   and not exists (select from operation o where o.machine_id = m.machine_id and o.state = 'running' and o.step = 'place')
                   for update of m
            ), strays as (
                insert into stray_domain (machine_id, host_id) select machine_id, @host from leaving on conflict do nothing
            ), gone as (
                delete from machine m using leaving l where m.machine_id = l.machine_id and l.state = 'deleting'
            ), moving as (
                update machine m
                   set state = 'provisioning', state_since = now(), power = 'off'
                  from leaving l
                 where m.machine_id = l.machine_id and l.state <> 'deleting'
             returning m.machine_id, m.name, l.personal
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
                     select 'broker', 'machine.leave_host', 'machine', machine_id, name, case when personal then 'disk_kept' else 'fresh' end from moving
            ), begun as (
                insert into operation (operation_id, kind, machine_id, step, state, cause)
                     select gen_random_uuid(), case when personal then 'restart' else 'refresh' end, machine_id, 'place', 'running', 'host' from moving
                on conflict (machine_id) where state = 'running' do update
                        set kind = case when operation.kind in ('provision', 'refresh') then operation.kind else excluded.kind end,
                            step = 'place', attempts = 0, error = null, reason = null, step_since = now(), next_attempt_at = now(), deadline = null,
                            cause = excluded.cause, asked_by = '', resumes_to = null
            )
            select count(*)::int from leaving
            """, new { host = host.Value });
    }

    /// <summary>Which hosts the next place of a machine may be on, and what its pool asks of them.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="keepsDisk">It starts from the disk that it has: only where that one can be seen.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<(PoolId Pool, PlacementRule Rule, IReadOnlySet<HostId> Allowed)> WhereToAsync(MachineId machine, bool keepsDisk, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var (pool, placement, most, memory) = await connection.QuerySingleAsync<(Guid, string, int?, int)>(new CommandDefinition(
            "select p.pool_id, p.placement, p.most_per_host, p.memory_mib from machine m join pool p using (pool_id) where m.machine_id = @machine", new { machine = machine.Value }, cancellationToken: ct));
        var hosts = await connection.QueryAsync<Guid>(new CommandDefinition("""
            select h.host_id
              from machine m join pool_host ph using (pool_id) join host h on h.host_id = ph.host_id left join host o on o.host_id = m.host_id
             where m.machine_id = @machine and h.fenced_at is null
               and not exists (select from stray_domain s where s.machine_id = m.machine_id and s.host_id = h.host_id)
               and (not @keepsDisk or h.host_id = o.host_id or h.shared_storage = o.shared_storage)
            """, new { machine = machine.Value, keepsDisk }, cancellationToken: ct));
        return (new(pool), new(SqlText.Parse<PlacementOrder>(placement), most, memory), hosts.Select(h => new HostId(h)).ToHashSet());
    }

    /// <summary>Records the machine on its new host, and goes on with the step that follows; false when it was placed or let go meanwhile.</summary>
    public async Task<bool> PlaceAsync(DueOperation operation, HostId host, string trace, OperationStep next, int firstPort)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with placed as (
                update operation o
                   set step = @next, step_since = now(), attempts = 0, error = null, reason = null, next_attempt_at = now(), trace = @trace::jsonb
                 where o.operation_id = @id and o.step = 'place' and o.kind = @kind and o.state = 'running'
                   and not exists (select from stray_domain s where s.machine_id = o.machine_id and s.host_id = @host)
             returning o.machine_id
            )
            update machine m
               set host_id = h.host_id,
                   address = case when h.network = 'user' then '127.0.0.1' end,
                   port = case when h.network = 'user' then coalesce(case when m.address = '127.0.0.1' then m.port end,
                                                                     (select n
                                                                        from generate_series(@firstPort, @firstPort + 9999) n
                                                                       where not exists (select from machine o where o.port = n and o.address = '127.0.0.1')
                                                                       limit 1)) end
              from placed, host h
             where m.machine_id = placed.machine_id and h.host_id = @host
            """, new { id = operation.OperationId, kind = operation.Kind, host = host.Value, trace, next = SqlText.Of(next), firstPort }) == 1;
    }

    /// <summary>What a host may still have of machines that are elsewhere.</summary>
    public async Task<IReadOnlyList<StrayDomain>> StraysAsync(HostId host, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid Machine, bool WithFiles)>(new CommandDefinition("""
            select s.machine_id, m.machine_id is null or h.shared_storage is null or h.shared_storage is distinct from o.shared_storage
              from stray_domain s join host h using (host_id) left join machine m using (machine_id) left join host o on o.host_id = m.host_id
             where s.host_id = @host
               and not exists (select from operation o where o.machine_id = s.machine_id and o.state = 'running' and o.kind = 'move')   -- it may just be arriving
            """, new { host = host.Value }, cancellationToken: ct))).Select(s => new StrayDomain(new(s.Machine), s.WithFiles)).ToList();
    }

    /// <summary>Hosts that may still have a domain of the machine; and whether nobody can be asked there, because they are off or lost their locks.</summary>
    public async Task<IReadOnlyList<(HostId Host, bool Gone)>> ElsewhereAsync(MachineId machine, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid Host, bool Gone)>(new CommandDefinition("""
            select s.host_id, h.fenced_at is not null or coalesce(now() - r.silent_since >= t.takeover_after, false)
              from stray_domain s join host h using (host_id) left join host_reading r using (host_id) left join shared_storage t on t.name = h.shared_storage
             where s.machine_id = @machine
            """, new { machine = machine.Value }, cancellationToken: ct))).Select(s => (new HostId(s.Host), s.Gone)).ToList();
    }

    /// <summary>The host has nothing of the machine any more.</summary>
    public async Task SweptAsync(HostId host, MachineId machine)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("delete from stray_domain where host_id = @host and machine_id = @machine", new { host = host.Value, machine = machine.Value });
    }

    /// <summary>The host answers and nothing stray is left on it: it is like any other again.</summary>
    public async Task ReturnedAsync(HostId host)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("""
            with back as (
                update host set fenced_at = null
                 where host_id = @host and fenced_at is not null and not exists (select from stray_domain s where s.host_id = @host)
             returning host_id, name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name)
                 select 'broker', 'host.returned', 'host', host_id, name from back
            """, new { host = host.Value });
    }
}
