using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>A key as pages show it; times in UTC. Its secret is nowhere.</summary>
internal sealed record ApiKeyRow
{
    public Guid ApiKeyId { get; init; }
    public string Name { get; init; } = "";
    public string Role { get; init; } = "";
    public Guid? PoolId { get; init; }
    public string? PoolName { get; init; }
    public Guid? ScopeGroupId { get; init; }
    public string? ScopeGroupName { get; init; }
    public Guid? ScopeSiteId { get; init; }
    public string? ScopeSiteName { get; init; }
    public Guid? ScopeEndpointGroupId { get; init; }
    public string? ScopeEndpointGroupName { get; init; }
    public string MadeBy { get; init; } = "";
    public string MakerDisplayName { get; init; } = "";
    public bool MakerActive { get; init; }
    public DateTime CreatedAt { get; init; }
    public DateTime ExpiresAt { get; init; }
    public bool Expired { get; init; }
    public DateTime? LastUsedAt { get; init; }
    public string LastUsedFrom { get; init; } = "";
}

/// <summary>SQL of API keys. Every change writes its audit row in the same statement.</summary>
internal sealed class ApiKeyStore(Database database)
{
    private const string Columns = """
        select k.api_key_id, k.name, k.role, k.pool_id, p.name as pool_name, k.scope_group_id, g.name as scope_group_name, k.scope_site_id, l.name as scope_site_name, k.scope_endpoint_group_id, e.name as scope_endpoint_group_name, u.user_name as made_by, u.display_name as maker_display_name,
               u.enabled and u.administrator as maker_active, k.created_at, k.expires_at, k.expires_at <= now() as expired, k.last_used_at, k.last_used_from
          from api_key k
          join app_user u on u.user_id = k.made_by
          left join pool p on p.pool_id = k.pool_id
          left join app_group g on g.group_id = k.scope_group_id
          left join site l on l.site_id = k.scope_site_id
          left join endpoint_group e on e.endpoint_group_id = k.scope_endpoint_group_id
        """;

    /// <summary>By name. Whoever may see some pools, sites or people only sees the keys that were made for one of them.</summary>
    public async Task<IReadOnlyList<ApiKeyRow>> ListAsync(PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ApiKeyRow>(new CommandDefinition(
            $"{Columns} where @Pools::uuid[] is null or k.pool_id = any(@Pools) or k.scope_group_id = any(@Groups) or k.scope_site_id = any(@Sites) or k.scope_endpoint_group_id = any(@Ends) order by k.name", new { scope.Pools, scope.Groups, scope.Sites, scope.Ends }, cancellationToken: ct))).AsList();
    }

    public async Task<ApiKeyRow?> FindAsync(Guid key, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<ApiKeyRow>(new CommandDefinition($"{Columns} where k.api_key_id = @key", new { key }, cancellationToken: ct));
    }

    /// <summary>False when the name is taken, or the role, pool, site or group is gone.</summary>
    public async Task<bool> MakeAsync(Guid key, byte[] sha256, string name, string role, GrantScope where, int days, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with made as (
                   insert into api_key (api_key_id, name, key_sha256, made_by, role, pool_id, scope_group_id, scope_site_id, scope_endpoint_group_id, expires_at)
                   select @key, @name, @sha256, @maker, r.name, p.pool_id, g.group_id, l.site_id, e.endpoint_group_id, now() + make_interval(days => @days)
                     from role r
                     left join pool p on p.pool_id = @Pool and not p.deleting
                     left join app_group g on g.group_id = @People
                     left join site l on l.site_id = @Site
                     left join endpoint_group e on e.endpoint_group_id = @Ends
                    where r.name = @role
                      and (@Pool::uuid is null or p.pool_id is not null)
                      and (@People::uuid is null or g.group_id is not null)
                      and (@Site::uuid is null or l.site_id is not null)
                      and (@Ends::uuid is null or e.endpoint_group_id is not null)
              on conflict (name) do nothing
                returning api_key_id, name, role, pool_id, scope_group_id, scope_site_id, scope_endpoint_group_id, expires_at)
            insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
            select @actor, 'api_key.make', 'api_key', api_key_id, made.name, concat_ws(' ', made.role, coalesce(p.name, 'group:' || g.name, 'site:' || l.name, 'endpoints:' || e.name, '*'), to_char(expires_at at time zone 'utc', 'YYYY-MM-DD')), @SourceAddress
              from made
              left join pool p using (pool_id)
              left join app_group g on g.group_id = made.scope_group_id
              left join site l on l.site_id = made.scope_site_id
              left join endpoint_group e on e.endpoint_group_id = made.scope_endpoint_group_id
            """, new { key, sha256, name, role, where.Pool, where.People, where.Site, where.Ends, days, maker = by.User.Value, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <summary>The hash of its secret, which is good for nothing now; null when there was no such key.</summary>
    public async Task<byte[]?> RevokeAsync(Guid key, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<byte[]?>(
            """
              with gone as (
                   delete from api_key
                    where api_key_id = @key
                returning api_key_id, name, key_sha256, role),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select @actor, 'api_key.revoke', 'api_key', api_key_id, name, role, @SourceAddress
                     from gone)
            select key_sha256 from gone
            """, new { key, actor = by.UserName, by.SourceAddress });
    }
}
