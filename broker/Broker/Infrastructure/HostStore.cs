using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Provisioning;
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
    public string? SharedStorage { get; init; }
    public double? TakeoverMinutes { get; init; }
    public DateTime? SilentSince { get; init; }
    public DateTime? FencedAt { get; init; }
    public int Strays { get; init; }
    public bool Lost { get; init; }
    public Guid? SiteId { get; init; }
    public string? SiteName { get; init; }
}

/// <summary>What a change of a host's state touched: machines offered no more or again, and sessions open on the host.</summary>
internal readonly record struct HostStateChange(int Machines, int Sessions);

/// <summary>What the confirmation that a host is off touches: machines that start elsewhere, those that cannot, sessions that are over.</summary>
internal sealed record FencedHost(int Machines, int Waiting, int Sessions);

/// <summary>SQL of hosts.</summary>
internal sealed class HostStore(Database database)
{
    /// <summary>By name. Whoever may see some pools only sees the hosts that they name; by sites, what stands there.</summary>
    public async Task<IReadOnlyList<HostRow>> AllAsync(PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<HostRow>(new CommandDefinition("""
            select h.host_id, h.name, h.uri, h.network, h.storage_path, h.state, h.shared_storage, (extract(epoch from t.takeover_after) / 60)::double precision as takeover_minutes,
                   r.silent_since, h.fenced_at, (select count(*)::int from stray_domain s where s.host_id = h.host_id) as strays,
                   coalesce(r.silent_since <= now() - @lostAfter, false) as lost, h.site_id, l.name as site_name
              from host h left join site l using (site_id) left join host_reading r using (host_id) left join shared_storage t on t.name = h.shared_storage
             where @Pools::uuid[] is null or exists (select from pool_host ph where ph.host_id = h.host_id and ph.pool_id = any(@Pools)) or h.site_id = any(@Sites)
             order by h.name
            """, new { lostAfter = HostRecovery.LostAfter, scope.Pools, scope.Sites }, cancellationToken: ct))).AsList();
    }

    /// <summary>Records a host; why not, or null.</summary>
    public async Task<RefusalReason?> AddAsync(HostId id, string name, string uri, string network, string storagePath, string? sharedStorage, Guid? site, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        try
        {
            return await connection.ExecuteAsync("""
            with storage as (
                insert into shared_storage (name, path) select @sharedStorage, @storagePath where @sharedStorage is not null on conflict do nothing
            ), added as (
                insert into host (host_id, name, uri, network, storage_path, shared_storage, site_id)
                     values (@id, @name, @uri, @network, @storagePath, @sharedStorage, @site)
                on conflict (name) do nothing
                  returning host_id, name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'host.add', 'host', host_id, name, @source from added
            """, new { id = id.Value, name, uri, network, storagePath, sharedStorage, site, actor, source }) == 1 ? null : RefusalReason.NameTaken;
        }
        catch (PostgresException e) when (e.ConstraintName == "host_site_id_fkey") { return RefusalReason.NotFound; }
        // The key of the host says that the storage by that name is at another path.
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation) { return RefusalReason.StorageDiffers; }
    }

    /// <summary>Says which storage a host shares with others, and after how long that one lets go of a silent host; why not, or null.</summary>
    public async Task<RefusalReason?> SetStorageAsync(HostId host, string? sharedStorage, TimeSpan? takeoverAfter, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        try
        {
            return await connection.ExecuteAsync("""
                with storage as (
                    insert into shared_storage (name, path, takeover_after)
                         select @sharedStorage, storage_path, @takeoverAfter from host where host_id = @host and @sharedStorage is not null
                    on conflict (name) do update set takeover_after = excluded.takeover_after
                ), changed as (
                    update host set shared_storage = @sharedStorage where host_id = @host returning host_id, name
                )
                insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address)
                     select @actor, 'host.storage', 'host', host_id, name, coalesce(@sharedStorage, 'own'), @source from changed
                """, new { host = host.Value, sharedStorage, takeoverAfter, actor, source }) == 1 ? null : RefusalReason.NotFound;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation) { return RefusalReason.StorageDiffers; }
    }

    /// <summary>The facts by which a host is lost or not; null when there is no such host.</summary>
    public async Task<HostFacts?> FactsAsync(HostId host, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<RecoveryStore.FactsRow>(new CommandDefinition($"""
            select h.host_id, h.name, {RecoveryStore.Facts}
              from host h left join host_reading r using (host_id) left join shared_storage t on t.name = h.shared_storage
             where h.host_id = @host
            """, new { host = host.Value }, cancellationToken: ct)))?.ToFacts();
    }

    /// <summary>Records that a host is switched off; null when it answered meanwhile. What follows is the leader's.</summary>
    public async Task<FencedHost?> FenceAsync(HostId host, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.QuerySingleOrDefaultAsync<FencedHost>("""
            with fenced as (
                update host h set fenced_at = coalesce(h.fenced_at, now())
                 where h.host_id = @host
                   and not exists (select from host_reading r where r.host_id = h.host_id and r.reached)
                   and not exists (select from machine m join machine_agent a using (machine_id) where m.host_id = h.host_id and a.connected)
             returning h.host_id, h.name, h.shared_storage
            ), touched as (
                select (count(*) filter (where m.assigned_user_id is null or f.shared_storage is not null))::int as machines,
                       (count(*) filter (where m.assigned_user_id is not null and f.shared_storage is null))::int as waiting,
                       (select count(*)::int from session s join machine x using (machine_id) where x.host_id = f.host_id and not x.manual and s.state <> 'ended') as sessions
                  from fenced f left join machine m on m.host_id = f.host_id and not m.manual and m.state <> 'deleting'
                 group by f.host_id, f.shared_storage
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address)
                     select @actor, 'host.fence', 'host', host_id, name, machines || ' machines', @source from fenced cross join touched
            )
            select machines, waiting, sessions from touched
            """, new { host = host.Value, actor, source });
    }

    /// <summary>Takes a host out of service or back, and its machines with it; null when there is no such host.</summary>
    public async Task<HostStateChange?> SetStateAsync(HostId host, HostState state, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var row = await connection.QuerySingleAsync<(bool There, int Machines, int Sessions)>("""
            with changed as (
                update host set state = @state, state_by = @actor where host_id = @host returning host_id, name
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
