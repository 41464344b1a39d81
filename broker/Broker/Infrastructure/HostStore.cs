using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Infrastructure;

/// <summary>A hypervisor connection as it is recorded.</summary>
internal sealed record HostRow
{
    public Guid HostId { get; init; }
    public string Name { get; init; } = "";
    public string Uri { get; init; } = "";
    public string Network { get; init; } = "";
    public string StoragePath { get; init; } = "";
    public string State { get; init; } = "in_service";
}

/// <summary>What a change of a host's state touched: machines offered no more or again, and sessions open on the host.</summary>
internal readonly record struct HostStateChange(int Machines, int Sessions);

/// <summary>SQL of hosts.</summary>
internal sealed class HostStore(Database database)
{
    public async Task<IReadOnlyList<HostRow>> AllAsync(PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<HostRow>(new CommandDefinition(
            """
            select host_id, name, uri, network, storage_path, state
              from host h
             where @Pools::uuid[] is null or exists (select from pool_host ph where ph.host_id = h.host_id and ph.pool_id = any(@Pools))
             order by name
            """, new { scope.Pools }, cancellationToken: ct))).AsList();
    }

    /// <summary>Records a host; false when the name is taken.</summary>
    public async Task<bool> AddAsync(HostId id, string name, string uri, string network, string storagePath, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with added as (
                insert into host (host_id, name, uri, network, storage_path)
                     values (@id, @name, @uri, @network, @storagePath)
                on conflict (name) do nothing
                  returning host_id, name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'host.add', 'host', host_id, name, @source from added
            """, new { id = id.Value, name, uri, network, storagePath, actor, source }) == 1;
    }

    /// <summary>Takes a host out of service or back, and its machines with it; null when there is no such host.</summary>
    public async Task<HostStateChange?> SetStateAsync(HostId host, HostState state, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var row = await connection.QuerySingleAsync<(bool There, int Machines, int Sessions)>("""
            with changed as (
                update host set state = @state where host_id = @host returning host_id, name
            ), drained as (
                update machine m
                   set drain_since = now(), drained_with_host = true
                  from changed
                 where m.host_id = changed.host_id and @state <> 'in_service' and m.drain_since is null and m.state <> 'deleting'
             returning 1
            ), returned as (
                update machine m
                   set drain_since = null, drained_with_host = false
                  from changed
                 where m.host_id = changed.host_id and @state = 'in_service' and m.drained_with_host
             returning 1
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address)
                     select @actor, 'host.state', 'host', host_id, name, @state, @source from changed
            )
            select exists (select from changed), (select count(*) from drained)::int + (select count(*) from returned)::int,
                   (select count(*)::int from session s join machine m using (machine_id) where m.host_id = @host and s.state <> 'ended')
            """, new { host = host.Value, state = SqlText.Of(state), actor, source });
        return row.There ? new(row.Machines, row.Sessions) : null;
    }

    /// <summary>Forgets a host. Answers what stood in the way, or null.</summary>
    public async Task<RefusalReason?> RemoveAsync(HostId host, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        try
        {
            var there = await connection.ExecuteAsync("""
                with removed as (
                    delete from host where host_id = @host
                 returning host_id, name
                )
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, 'host.remove', 'host', host_id, name, @source from removed
                """, new { host = host.Value, actor, source });
            return there == 1 ? null : RefusalReason.NotFound;
        }
        // The keys of pool and machine say that it is in use.
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation) { return RefusalReason.InUse; }
    }
}
