using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>A role as pages show it; permissions only of those that are not built in.</summary>
internal sealed record RoleRow
{
    public string Name { get; init; } = "";
    public bool BuiltIn { get; init; }
    public string Description { get; init; } = "";
    public string[] Permissions { get; init; } = [];
    public int Holders { get; init; }
}

/// <summary>To whom a role is given: a person or a group, the other being null.</summary>
internal sealed record Grantee(string? UserName, Guid? Group);

/// <summary>A grant as pages show it.</summary>
internal sealed record GrantRow
{
    public Guid RoleGrantId { get; init; }
    public string UserName { get; init; } = "";
    public string DisplayName { get; init; } = "";
    public bool Enabled { get; init; }
    public Guid? GroupId { get; init; }
    public string? GroupName { get; init; }
    public int Members { get; init; }
    public string Role { get; init; } = "";
    public string[]? Permissions { get; init; }
    public Guid? PoolId { get; init; }
    public string? PoolName { get; init; }
    public Guid? ScopeGroupId { get; init; }
    public string? ScopeGroupName { get; init; }
    public Guid? ScopeSiteId { get; init; }
    public string? ScopeSiteName { get; init; }
    public Guid? ScopeEndpointGroupId { get; init; }
    public string? ScopeEndpointGroupName { get; init; }
    public GrantScope Where => new(PoolId, ScopeGroupId, ScopeSiteId, ScopeEndpointGroupId);
    public string GrantedBy { get; init; } = "";
    public DateTime GrantedAt { get; init; }
}

/// <summary>What a grant reaches now; people only of one over the people of a group, hosts only of one at a site.</summary>
internal sealed record GrantReach(int Pools, int Machines, int Sessions, int People, int Hosts);

/// <summary>SQL of roles and grants. Every change writes its audit row in the same statement.</summary>
internal sealed class RoleStore(Database database)
{
    /// <summary>
    /// Those who administer everything by a grant of their own, locked with it: of two statements that each take one away, the second waits and
    /// then sees who is left. Both rows are locked because either may be what the other statement changes. Who is administrator by a group
    /// does not count: a directory may empty the group at any time, and asks nobody here.
    /// </summary>
    internal const string Keepers = """
        keepers as materialized (
                   select g.role_grant_id, g.user_id
                     from role_grant g
                     join app_user u using (user_id)
                    where g.role = 'administrator'
                      and g.pool_id is null
                      and g.scope_group_id is null
                      and g.scope_site_id is null
                      and g.scope_endpoint_group_id is null
                      and u.enabled
                 order by g.role_grant_id
                      for update of g, u)
        """;

    private const string Grants = """
          select g.role_grant_id, coalesce(u.user_name, '') as user_name, coalesce(u.display_name, '') as display_name, coalesce(u.enabled, true) as enabled, g.group_id, a.name as group_name,
                 (select count(*)::int from group_member m where m.group_id = g.group_id) as members,
                 g.role, case when r.built_in then null else r.permissions end as permissions, g.pool_id, p.name as pool_name, g.scope_group_id, s.name as scope_group_name, g.scope_site_id, l.name as scope_site_name, g.scope_endpoint_group_id, e.name as scope_endpoint_group_name, g.granted_by, g.granted_at
            from role_grant g
            join role r on r.name = g.role
            left join app_user u using (user_id)
            left join app_group a using (group_id)
            left join pool p on p.pool_id = g.pool_id
            left join app_group s on s.group_id = g.scope_group_id
            left join site l on l.site_id = g.scope_site_id
            left join endpoint_group e on e.endpoint_group_id = g.scope_endpoint_group_id
        """;

    public async Task<IReadOnlyList<RoleRow>> ListAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<RoleRow>(new CommandDefinition(
            """
              select name, built_in, description, permissions, (select count(*)::int from role_grant g where g.role = r.name) as holders
                from role r
            order by built_in desc, name
            """, cancellationToken: ct))).AsList();
    }

    public async Task<RoleRow?> FindAsync(string name, CancellationToken ct) => (await ListAsync(ct)).SingleOrDefault(role => role.Name == name);

    /// <summary>False when the name is that of a built-in role.</summary>
    public async Task<bool> SetAsync(string name, string description, string[] permissions, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with kept as (
                   insert into role (name, description, permissions)
                   values (@name, @description, @permissions)
              on conflict (name) do update
                      set description = excluded.description, permissions = excluded.permissions
                    where not role.built_in
                returning name, permissions)
            insert into audit_event (actor, action, object_kind, object_name, reference, source_address)
            select @actor, 'role.set', 'role', name, array_to_string(permissions, ' '), @SourceAddress
              from kept
            """, new { name, description, permissions, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <summary>False when there is no such role of the installation's own, or somebody holds it.</summary>
    public async Task<bool> DeleteAsync(string name, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with gone as (
                   delete from role
                    where name = @name
                      and not built_in
                      and not exists (select from role_grant g where g.role = @name)
                      and not exists (select from api_key k where k.role = @name and k.expires_at > now())
                returning name)
            insert into audit_event (actor, action, object_kind, object_name, source_address)
            select @actor, 'role.delete', 'role', name, @SourceAddress
              from gone
            """, new { name, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <param name="userName">Those that give this person something, by himself or by a group; null: everybody's.</param>
    /// <param name="group">Those of one group; null: any.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<GrantRow>> GrantsAsync(string? userName, Guid? group, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<GrantRow>(new CommandDefinition(
            $"""
            {Grants}
               where (@userName::text is null
                      or g.role_grant_id in (select h.role_grant_id from held_role h join app_user w using (user_id) where w.user_name = @userName))
                 and (@group::uuid is null or g.group_id = @group)
            order by u.user_name nulls last, lower(a.name), g.role, p.name nulls first, s.name nulls first, l.name nulls first, e.name nulls first
            """, new { userName, group }, cancellationToken: ct))).AsList();
    }

    public async Task<GrantRow?> GrantAsync(Guid grant, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<GrantRow>(new CommandDefinition($"{Grants} where g.role_grant_id = @grant", new { grant }, cancellationToken: ct));
    }

    /// <summary>The grant, new or as it was; null when there is no such person or group, role, pool, site, group of people or of endpoints.</summary>
    public async Task<Guid?> GiveAsync(Guid grant, Grantee to, string role, GrantScope where, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<Guid?>(
            """
              with grantee as (
                   select user_id, null::uuid as group_id, user_name as name
                     from app_user
                    where user_name = @UserName
                      and not synthetic
                    union all
                   select null, group_id, name
                     from app_group
                    where group_id = @Group),
                   wanted as (
                   select t.user_id, t.group_id, t.name, r.name as role, coalesce(p.name, 'group:' || s.name, 'site:' || l.name, 'endpoints:' || e.name, '*') as scope
                     from grantee t
                     join role r on r.name = @role
                     left join pool p on p.pool_id = @Pool and not p.deleting
                     left join app_group s on s.group_id = @People
                     left join site l on l.site_id = @Site
                     left join endpoint_group e on e.endpoint_group_id = @Ends
                    where (@Pool::uuid is null or p.pool_id is not null)
                      and (@People::uuid is null or s.group_id is not null)
                      and (@Site::uuid is null or l.site_id is not null)
                      and (@Ends::uuid is null or e.endpoint_group_id is not null)),
                   given as (
                   insert into role_grant (role_grant_id, user_id, group_id, role, pool_id, scope_group_id, scope_site_id, scope_endpoint_group_id, granted_by)
                   select @grant, user_id, group_id, role, @Pool, @People, @Site, @Ends, @actor
                     from wanted
              on conflict do nothing
                returning role_grant_id, user_id, group_id, role),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select @actor, 'role.grant', case when given.group_id is null then 'user' else 'group' end, coalesce(given.user_id, given.group_id), wanted.name,
                          concat_ws(' ', given.role, wanted.scope), @SourceAddress
                     from given, wanted)
            select role_grant_id from given
             union all
            select g.role_grant_id
              from role_grant g
              join wanted w on g.role = w.role and (g.user_id = w.user_id or g.group_id = w.group_id)
             where g.pool_id is not distinct from @Pool
               and g.scope_group_id is not distinct from @People
               and g.scope_site_id is not distinct from @Site
               and g.scope_endpoint_group_id is not distinct from @Ends
            """, new { grant, to.UserName, to.Group, role, where.Pool, where.People, where.Site, where.Ends, actor = by.UserName, by.SourceAddress });
    }

    /// <summary>False when there is no such grant any more, or nobody could administer everything without it.</summary>
    public async Task<bool> TakeAwayAsync(Guid grant, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            $"""
              with {Keepers},
                   gone as (
                   delete from role_grant
                    where role_grant_id = @grant
                      and (not exists (select from keepers where keepers.role_grant_id = @grant)
                           or exists (select from keepers where keepers.role_grant_id <> @grant))
                returning user_id, group_id, role, pool_id, scope_group_id, scope_site_id, scope_endpoint_group_id)
            insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
            select @actor, 'role.take_away', case when gone.group_id is null then 'user' else 'group' end, coalesce(gone.user_id, gone.group_id), coalesce(u.user_name, a.name),
                   concat_ws(' ', role, coalesce(p.name, 'group:' || s.name, 'site:' || l.name, 'endpoints:' || e.name, '*')), @SourceAddress
              from gone
              left join app_user u using (user_id)
              left join app_group a using (group_id)
              left join app_group s on s.group_id = gone.scope_group_id
              left join site l on l.site_id = gone.scope_site_id
              left join endpoint_group e on e.endpoint_group_id = gone.scope_endpoint_group_id
              left join pool p on p.pool_id = gone.pool_id
            """, new { grant, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <summary>The name of a group, and how many it gives a role that it is given; null: there is none.</summary>
    public async Task<(string Name, int Members)?> GroupAsync(Guid group, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<(string, int)?>(new CommandDefinition(
            "select name, (select count(*)::int from group_member m where m.group_id = a.group_id) from app_group a where group_id = @group", new { group }, cancellationToken: ct));
    }

    public async Task<GrantReach> ReachAsync(GrantScope where, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var reach = where.Reach;
        if (where.Site is { } site) reach = reach with { Pools = [.. await connection.QueryAsync<Guid>(new CommandDefinition("select pool_id from pool where site_id = @site", new { site }, cancellationToken: ct))] };
        return await connection.QuerySingleAsync<GrantReach>(new CommandDefinition(
            $"""
            select (select count(*)::int from pool where not deleting and (@Pools::uuid[] is null or pool_id = any(@Pools))) as pools,
                   (select count(*)::int from machine m where @Pools::uuid[] is null or m.pool_id = any(@Pools)
                       or exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended' and {PoolScope.IsTheirs("s")})) as machines,
                   (select count(*)::int from session where state <> 'ended' and not synthetic and {PoolScope.Holds("pool_id", "user_id", PoolScope.AddressOf("session.session_id"))}) as sessions,
                   (select count(*)::int from group_member gm where gm.group_id = any(@Groups)) as people,
                   (select count(*)::int from host h where h.site_id = any(@Sites)) as hosts
            """, new { reach.Pools, reach.Groups, reach.Sites, reach.Ends }, cancellationToken: ct));
    }
}
