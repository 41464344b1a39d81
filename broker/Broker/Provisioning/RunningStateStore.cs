using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>A running state that a pool wants on a host.</summary>
internal sealed record WantedState
{
    public Guid HostId { get; init; }
    public Guid ImageVersionId { get; init; }
    public int Cpus { get; init; }
    public int MemoryMib { get; init; }
}

/// <summary>SQL of running states.</summary>
internal sealed class RunningStateStore(Database database)
{
    /// <summary>A state that failed is not tried again before.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    /// <summary>What instant pools lack on hosts that have the image and networks in which a copied card does no harm; also of versions that are being rolled out.</summary>
    public async Task<IReadOnlyList<WantedState>> MissingAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<WantedState>(new CommandDefinition($"""
            select w.host_id, w.image_version_id, w.cpus, w.memory_mib
              from ({Wanted}) w join image_copy c using (host_id, image_version_id)
             where c.state = 'good'
               and not exists (select from running_state s
                                where s.host_id = w.host_id and s.image_version_id = w.image_version_id and s.cpus = w.cpus and s.memory_mib = w.memory_mib
                                  and (s.state in ('preparing', 'ready') or s.state_since > now() - @pause))
            """, new { pause = Pause }, cancellationToken: ct))).AsList();
    }

    /// <summary>States that nobody wants, and whose disk no machine runs on; and those that somebody began who is gone.</summary>
    public async Task<IReadOnlyList<(Guid HostId, Guid RunningStateId)>> UnneededAsync(Guid[] making, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid, Guid)>(new CommandDefinition($"""
            select s.host_id, s.running_state_id
              from running_state s
             where s.running_state_id <> all(@making)
               and (s.state in ('preparing', 'failed') and (s.state = 'preparing' or s.state_since < now() - @pause)
                    or (not exists (select from machine m where m.host_id = s.host_id and m.image_version_id = s.image_version_id)
                        and (s.state = 'bad' or not exists (select from ({Wanted}) w
                                                             where w.host_id = s.host_id and w.image_version_id = s.image_version_id and w.cpus = s.cpus and w.memory_mib = s.memory_mib))))
            """, new { making, pause = Pause }, cancellationToken: ct))).AsList();
    }

    /// <summary>False when there is one of that kind already.</summary>
    public async Task<bool> BeginAsync(MachineId state, WantedState wanted)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            insert into running_state (running_state_id, host_id, image_version_id, cpus, memory_mib, state)
                 values (@state, @HostId, @ImageVersionId, @Cpus, @MemoryMib, 'preparing')
            on conflict do nothing
            """, new { state = state.Value, wanted.HostId, wanted.ImageVersionId, wanted.Cpus, wanted.MemoryMib }) == 1;
    }

    public async Task ReadyAsync(MachineId state)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update running_state set state = 'ready', state_since = now() where running_state_id = @state and state = 'preparing'", new { state = state.Value });
    }

    public async Task FailAsync(MachineId state, string error)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("update running_state set state = 'failed', state_since = now(), error = @error where running_state_id = @state", new { state = state.Value, error });
    }

    /// <summary>A machine could not be started from it: no other is, and another state is made. Its disk stays for the machines that run on it.</summary>
    public async Task<bool> SetBadAsync(Guid state, string error)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("update running_state set state = 'bad', state_since = now(), error = @error where running_state_id = @state and state = 'ready'", new { state, error }) == 1;
    }

    public async Task RemoveAsync(Guid state)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync("delete from running_state where running_state_id = @state", new { state });
    }

    private const string Wanted = """
        select distinct ph.host_id, v.image_version_id, p.cpus, p.memory_mib
          from pool p join pool_host ph using (pool_id) join host h using (host_id)
          left join rollout r on r.pool_id = p.pool_id and r.ended_at is null
         cross join lateral (values (p.image_version_id), (r.to_version_id)) v (image_version_id)
         where p.instant and not p.deleting and p.size > 0 and v.image_version_id is not null and coalesce(h.network, 'user') = 'user'
        """;
}
