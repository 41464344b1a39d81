using Dapper;
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
}

/// <summary>SQL of hosts.</summary>
internal sealed class HostStore(Database database)
{
    public async Task<IReadOnlyList<HostRow>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<HostRow>(new CommandDefinition("select host_id, name, uri, network, storage_path from host order by name", cancellationToken: ct))).AsList();
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
