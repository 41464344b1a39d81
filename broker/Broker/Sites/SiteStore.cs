using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Sites;

/// <summary>A site as pages show it.</summary>
internal sealed record SiteRow
{
    public Guid SiteId { get; init; }
    public string Name { get; init; } = "";
    public string Description { get; init; } = "";
    public int Hosts { get; init; }
    public int Pools { get; init; }
    public int Machines { get; init; }
    public int Sessions { get; init; }
    public int Grants { get; init; }
}

/// <summary>SQL of sites. Every change writes its audit row in the same statement.</summary>
internal sealed class SiteStore(Database database)
{
    /// <summary>What says in the database that a pool of a site names a host of another one; its message names host and site, or pool and site.</summary>
    public const string Constraint = "pool_host_site_ck";

    // A key that has expired keeps nothing: it goes with its site.
    private const string Held = """
        (select count(*)::int from role_grant g where g.scope_site_id = s.site_id) + (select count(*)::int from api_key k where k.scope_site_id = s.site_id and k.expires_at > now())
        """;

    private const string Columns = $"""
        select s.site_id, s.name, s.description,
               (select count(*)::int from host h where h.site_id = s.site_id and (@Pools::uuid[] is null or s.site_id = any(@Sites)
                   or exists (select from pool_host ph where ph.host_id = h.host_id and ph.pool_id = any(@Pools)))) as hosts,
               (select count(*)::int from pool p where p.site_id = s.site_id and (@Pools::uuid[] is null or p.pool_id = any(@Pools))) as pools,
               (select count(*)::int from machine m join pool p using (pool_id) where p.site_id = s.site_id and (@Pools::uuid[] is null or p.pool_id = any(@Pools))) as machines,
               (select count(*)::int from session x join pool p using (pool_id) where p.site_id = s.site_id and x.state <> 'ended' and not x.synthetic
                   and (@Pools::uuid[] is null or p.pool_id = any(@Pools))) as sessions,
               {Held} as grants
          from site s
        """;

    /// <summary>By name. Whoever holds the permission on some pools only sees the sites of these.</summary>
    public async Task<IReadOnlyList<SiteRow>> AllAsync(PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<SiteRow>(new CommandDefinition(
            $"""
            {Columns}
               where @Pools::uuid[] is null
                  or s.site_id = any(@Sites)
                  or exists (select from pool p where p.site_id = s.site_id and p.pool_id = any(@Pools))
            order by lower(s.name)
            """, new { scope.Pools, scope.Sites }, cancellationToken: ct))).AsList();
    }

    /// <summary>False when the name is taken.</summary>
    public async Task<bool> MakeAsync(Guid site, string name, string description, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with made as (
                   insert into site (site_id, name, description)
                   values (@site, @name, @description)
              on conflict (lower(name)) do nothing
                returning site_id, name)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, 'site.make', 'site', site_id, name, @SourceAddress
              from made
            """, new { site, name, description, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <summary>Why not, or null.</summary>
    public async Task<RefusalReason?> ChangeAsync(Guid site, string name, string description, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        try
        {
            return await connection.ExecuteAsync(
                """
                  with changed as (
                       update site
                          set name = @name, description = @description
                        where site_id = @site
                    returning site_id, name)
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                select @actor, 'site.change', 'site', site_id, name, @SourceAddress
                  from changed
                """, new { site, name, description, actor = by.UserName, by.SourceAddress }) == 1 ? null : RefusalReason.NotFound;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return RefusalReason.NameTaken; }
    }

    /// <summary>True when it is gone now; false while something is there, or when it is unknown.</summary>
    public async Task<bool> DeleteAsync(Guid site, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        try
        {
            return await connection.ExecuteAsync(
                $"""
                  with gone as (
                       delete from site s
                        where s.site_id = @site
                          and {Held} = 0
                    returning s.site_id, s.name)
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                select @actor, 'site.delete', 'site', site_id, name, @SourceAddress
                  from gone
                """, new { site, actor = by.UserName, by.SourceAddress }) == 1;
        }
        // The keys of host, pool and grant say that something is there.
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation) { return false; }
    }

    /// <summary>At which site a host or a pool is; null: at none. No row: there is no such thing.</summary>
    public async Task<(bool There, Guid? Site)> OfAsync(HostId? host, PoolId? pool, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<Guid?>(new CommandDefinition(
            host is not null ? "select site_id from host where host_id = @id" : "select site_id from pool where pool_id = @id and not deleting", new { id = host?.Value ?? pool?.Value }, cancellationToken: ct))).AsList();
        return rows is [var site] ? (true, site) : (false, null);
    }

    /// <summary>Says at which site a host is; what stood in the way, or null.</summary>
    public async Task<(RefusalReason Reason, string Detail)?> SetHostAsync(HostId host, Guid? from, Guid? to, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        try
        {
            return await connection.ExecuteAsync(
                """
                  with changed as (
                       update host
                          set site_id = @to
                        where host_id = @host
                          and site_id is not distinct from @from
                    returning host_id, name)
                insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address)
                select @actor, 'host.site', 'host', host_id, name, coalesce((select s.name from site s where s.site_id = @to), '-'), @SourceAddress
                  from changed
                """, new { host = host.Value, from, to, actor = by.UserName, by.SourceAddress }) == 1 ? null : (RefusalReason.NotFound, "host_id");
        }
        catch (PostgresException e) when (e.ConstraintName == Constraint) { return (RefusalReason.HostOfOtherSite, e.MessageText); }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation) { return (RefusalReason.NotFound, "site_id"); }
    }
}
