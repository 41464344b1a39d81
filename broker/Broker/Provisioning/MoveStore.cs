using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>Where a machine that should move is now, and where parts of it may be.</summary>
internal sealed record MovingMachine(HostId From, bool Wanted, bool StorageShared, bool OwnAddress, IReadOnlyList<HostId> Strays)
{
    /// <summary>It is switched off until it is wanted: nothing runs that would have to be moved.</summary>
    public bool Asleep { get; init; }

    /// <summary>Other hosts that see its disk.</summary>
    public IReadOnlyList<HostId> Sharing { get; init; } = [];
}

/// <summary>SQL of machines that move to another host while they run.</summary>
internal sealed class MoveStore(Database database)
{
    /// <summary>Moves of one host at once: each copies a whole memory over the network.</summary>
    public const int MostAtOnce = 2;

    // Follows "gone", the machine whose operation takes it to @to. Memory that was saved is on the host it leaves.
    private const string Moved = """
        moved as (
            update machine m
               set host_id = h.host_id, saved_at = case when m.state <> 'asleep' then m.saved_at end,
                   drain_since = case when m.drained_with_host and h.state = 'in_service' then null else m.drain_since end,
                   drained_with_host = m.drained_with_host and h.state <> 'in_service'
              from gone, host h
             where m.machine_id = gone.machine_id and h.host_id = @to
         returning m.machine_id, m.name, h.name as host
        ), left_behind as (
            insert into stray_domain (machine_id, host_id) select machine_id, @from from moved on conflict do nothing
        ), arrived as (
            delete from stray_domain s using moved where s.machine_id = moved.machine_id and s.host_id = @to
        )
        insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
             select 'broker', 'machine.moved', 'machine', machine_id, name, host from moved
        """;

    /// <summary>
    /// Plans moves off hosts that are let go of: machines that somebody is on, and personal ones, asleep or not. Free ones are made anew elsewhere, and
    /// what cannot be moved stays until its person logs off.
    /// </summary>
    public async Task<int> PlanAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync("""
            with leaving as (
                select h.host_id, (select count(*) from operation o join machine m using (machine_id) where o.state = 'running' and o.kind = 'move' and m.host_id = h.host_id) as moving
                  from host h join host_reading r using (host_id)
                 where h.state <> 'in_service' and h.shared_storage is not null and h.network <> 'user' and r.reached
                   and exists (select from host o where o.shared_storage = h.shared_storage and o.network = h.network and o.state = 'in_service')
            ), next as (
                select m.machine_id
                  from leaving l cross join lateral (
                       select m.machine_id, m.state
                         from machine m
                        where m.host_id = l.host_id and not m.manual
                          and ((m.power = 'on' and (m.state = 'in_use' or (m.state = 'available' and m.assigned_user_id is not null))) or (m.state = 'asleep' and m.assigned_user_id is not null))
                          and not exists (select from operation o where o.machine_id = m.machine_id and o.state = 'running')
                        order by m.machine_id
                        limit greatest(0, @most - l.moving)) m
            )
            insert into operation (operation_id, kind, machine_id, step, state, cause)
                 select gen_random_uuid(), 'move', machine_id, 'move_live', 'running', 'host' from next
            on conflict (machine_id) where state = 'running' do nothing
            """, new { most = MostAtOnce });
    }

    public async Task<MovingMachine> ReadAsync(MachineId machine, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var (from, wanted, shared, own, asleep) = await connection.QuerySingleAsync<(Guid From, bool Wanted, bool Shared, bool Own, bool Asleep)>(new CommandDefinition(
            "select h.host_id, h.state <> 'in_service', h.shared_storage is not null, h.network <> 'user', m.state = 'asleep' from machine m join host h using (host_id) where m.machine_id = @machine", new { machine = machine.Value }, cancellationToken: ct));
        var strays = await connection.QueryAsync<Guid>(new CommandDefinition("select host_id from stray_domain where machine_id = @machine", new { machine = machine.Value }, cancellationToken: ct));
        var sharing = await connection.QueryAsync<Guid>(new CommandDefinition("select o.host_id from host h join host o on o.shared_storage = h.shared_storage and o.host_id <> h.host_id where h.host_id = @from", new { from }, cancellationToken: ct));
        return new(new(from), wanted, shared, own, [.. strays.Select(s => new HostId(s))]) { Asleep = asleep, Sharing = [.. sharing.Select(s => new HostId(s))] };
    }

    /// <summary>Hosts on which the same network is: elsewhere the machine would lose its address.</summary>
    public async Task<IReadOnlySet<HostId>> SameNetworkAsync(HostId host, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new CommandDefinition("select o.host_id from host h join host o on o.network = h.network and o.host_id <> h.host_id where h.host_id = @host", new { host = host.Value }, cancellationToken: ct)))
            .Select(h => new HostId(h)).ToHashSet();
    }

    /// <summary>Notes that the machine may be on that host from now on; false when the move is no longer wanted.</summary>
    public async Task<bool> BeginAsync(DueOperation operation, HostId to)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            insert into stray_domain (machine_id, host_id)
                 select machine_id, @to from operation where operation_id = @id and state = 'running' and kind = 'move'
            on conflict (machine_id, host_id) do update set since = now()
            """, new { id = operation.OperationId, to = to.Value }) == 1;
    }

    /// <summary>The machine runs on its new host: it is recorded there, and offered as before its old one was let go of. False when something else was begun with it meanwhile.</summary>
    public async Task<bool> ArriveAsync(DueOperation operation, HostId to)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync($"""
            with gone as (
                update operation set state = 'done', ended_at = now(), error = null, reason = null
                 where operation_id = @id and state = 'running' and kind = 'move'
             returning machine_id
            ), {Moved}
            """, new { id = operation.OperationId, from = operation.HostId, to = to.Value }) == 1;
    }

    /// <summary>
    /// The sleeping machine is on another host from now on, where it is to be defined next. Memory that was saved stays behind: it boots
    /// when it is woken. False when something else was begun with it meanwhile.
    /// </summary>
    public async Task<bool> SendAsleepAsync(DueOperation operation, HostId to)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync($"""
            with gone as (
                update operation o
                   set step = 'define', step_since = now(), next_attempt_at = now(), error = null, reason = null,
                       fallback = case when m.saved_at is not null then 'Its saved memory stayed on the host that it left; it boots when it is woken.' end
                  from machine m
                 where o.operation_id = @id and o.state = 'running' and o.kind = 'move' and m.machine_id = o.machine_id and m.state = 'asleep'
             returning o.machine_id
            ), {Moved}
            """, new { id = operation.OperationId, from = operation.HostId, to = to.Value }) == 1;
    }

    /// <summary>Nothing is to be moved any more.</summary>
    public async Task DropAsync(DueOperation operation)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update operation set state = 'done', ended_at = now(), error = null, reason = null where operation_id = @id and state = 'running' and kind = 'move'", new { id = operation.OperationId });
    }
}
