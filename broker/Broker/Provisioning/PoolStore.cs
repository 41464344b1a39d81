using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>A pool as the reconciler needs it.</summary>
internal sealed record WantedPool
{
    public Guid PoolId { get; init; }
    public int Size { get; init; }
    public int? Spare { get; init; }
    public bool SparePercent { get; init; }
    public int Waiting { get; init; }
    public bool Deleting { get; init; }
    public string MachineNamePattern { get; init; } = "";
    public bool ImageReady { get; init; }

    public Spare SpareOf => this switch { { Spare: null } => Domain.Spare.Everything, { SparePercent: true, Spare: { } share } => Domain.Spare.Percent(share), { Spare: { } count } => Domain.Spare.Machines(count) };
}

/// <summary>SQL of bringing pools to their size.</summary>
internal sealed class PoolStore(Database database)
{
    /// <summary>Every pool that we make machines for, or whose machines still have to go.</summary>
    public async Task<IReadOnlyList<WantedPool>> WantedAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<WantedPool>(new CommandDefinition("""
            select p.pool_id, case when p.deleting then 0 else p.size end as size, p.deleting, p.machine_name_pattern, p.spare, p.spare_percent,
                   (select count(*)::int from launch_request r where r.pool_id = p.pool_id and r.seen_at > now() - interval '15 seconds') as waiting,
                   coalesce(i.state = 'ready', false) as image_ready
              from pool p
              left join image_version i using (image_version_id)
             where p.kind <> 'manual' or p.deleting
             order by p.pool_id
            """, cancellationToken: ct))).AsList();
    }

    public async Task<IReadOnlyList<PoolMember>> MembersAsync(PoolId pool, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(Guid Id, int Ordinal, string State, bool Assigned, bool Current, bool Draining, TimeSpan Age)>(new CommandDefinition("""
            select m.machine_id, m.ordinal, m.state, m.assigned_user_id is not null,
                   m.manual or m.image_version_id is not distinct from p.image_version_id,
                   m.drain_since is not null, now() - m.state_since
              from machine m join pool p using (pool_id)
             where m.pool_id = @pool
            """, new { pool = pool.Value }, cancellationToken: ct));
        return rows.Select(r => new PoolMember(new(r.Id), r.Ordinal, SqlText.Parse<MachineState>(r.State), r.Assigned, r.Current) { Draining = r.Draining, StateAge = r.Age }).ToList();
    }

    /// <summary>Records a machine and the operation that makes it; false when the ordinal or name is taken meanwhile.</summary>
    public async Task<bool> AddMachineAsync(PoolId pool, MachineId machine, int ordinal, string name, OperationId operation, int firstPort)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with wanted as (
                select p.pool_id, p.host_id, p.image_version_id, h.network = 'user' as forwarded
                  from pool p join host h using (host_id)
                 where p.pool_id = @pool and not p.deleting
            ), added as (
                insert into machine (machine_id, pool_id, name, ordinal, state, host_id, address, port)
                     select @machine, w.pool_id, @name, @ordinal, 'provisioning', w.host_id,
                            case when w.forwarded then '127.0.0.1' end,
                            case when w.forwarded then (select n
                                                          from generate_series(@firstPort, @firstPort + 9999) n
                                                         where not exists (select from machine o where o.port = n and o.address = '127.0.0.1')
                                                         limit 1) end
                       from wanted w
                on conflict do nothing
                  returning machine_id
            )
            insert into operation (operation_id, kind, machine_id, step, state)
                 select @operation, 'provision', machine_id, 'stop', 'running' from added
            """, new { pool = pool.Value, machine = machine.Value, ordinal, name, operation = operation.Value, firstPort }) == 1;
    }

    /// <summary>Lets a machine go that nobody uses; false when somebody took it meanwhile.</summary>
    public async Task<bool> ReleaseMachineAsync(MachineId machine, OperationId operation)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with released as (
                update machine m
                   set state = 'deleting', state_since = now()
                 where m.machine_id = @machine
                   and m.state in ('provisioning', 'available', 'faulted', 'unreachable')
                   and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
             returning m.machine_id
            )
            insert into operation (operation_id, kind, machine_id, step, state)
                 select @operation, 'delete', machine_id, 'stop', 'running' from released
            on conflict (machine_id) where state = 'running' do update
                    set kind = 'delete', step = 'stop', attempts = 0, error = null, reason = null,
                        step_since = now(), next_attempt_at = now()
            """, new { machine = machine.Value, operation = operation.Value }) == 1;
    }

    /// <summary>Starts a free machine again from the pool's present image version.</summary>
    public async Task<bool> RefreshFreeMachineAsync(MachineId machine, OperationId operation)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with chosen as (
                update machine set state = 'provisioning', state_since = now()
                 where machine_id = @machine and state = 'available'
             returning machine_id
            )
            insert into operation (operation_id, kind, machine_id, step, state)
                 select @operation, 'refresh', machine_id, 'stop', 'running' from chosen
            """, new { machine = machine.Value, operation = operation.Value }) == 1;
    }

    /// <summary>Removes the records of pools whose last machine is gone.</summary>
    public async Task RemoveEmptyPoolsAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync("delete from pool p where p.deleting and not exists (select from machine m where m.pool_id = p.pool_id)");
    }
}
