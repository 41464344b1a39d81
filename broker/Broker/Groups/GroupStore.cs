using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Groups;

/// <summary>SQL of groups and who is in them. A change that changes something writes its audit row in the same statement.</summary>
internal sealed class GroupStore(Database database)
{
    private const string Columns =
        """
        select g.group_id, g.name, g.description, g.most_sessions,
               (select count(*)::int from group_member m where m.group_id = g.group_id)      as members,
               (select count(*)::int from group_entitlement e where e.group_id = g.group_id) as pools,
               coalesce(d.name, p.name, '')                                                  as directory
          from app_group g
          left join directory d using (directory_id)
          left join oidc_provider p on p.provider_id = g.oidc_provider_id
        """;

    /// <summary>By name.</summary>
    /// <param name="userName">Only the groups of this user; empty for all.</param>
    public async Task<IReadOnlyList<GroupRow>> ListAsync(string userName, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<GroupRow>(new CommandDefinition(
            $"""
            {Columns}
             where @userName = '' or exists (select from group_member m join app_user u using (user_id) where m.group_id = g.group_id and u.user_name = @userName)
             order by lower(g.name)
            """, new { userName }, cancellationToken: ct))).AsList();
    }

    public async Task<GroupRow?> FindAsync(Guid group, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<GroupRow>(new CommandDefinition($"{Columns} where g.group_id = @group", new { group }, cancellationToken: ct));
    }

    /// <summary>False when the name is taken.</summary>
    public async Task<bool> CreateAsync(Guid group, string name, string description, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with created as (
                   insert into app_group (group_id, name, description)
                   values (@group, @name, @description)
              on conflict do nothing
                returning group_id, name)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, 'group.create', 'group', group_id, name, @SourceAddress
              from created
            """, new { group, name, description, actor = by.UserName, by.SourceAddress }) == 1;
    }

    /// <summary>What stood in the way, or null. Null fields stay as they are; zero sessions: any number.</summary>
    public async Task<RefusalReason?> UpdateAsync(Guid group, string? name, string? description, int? mostSessions, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        try
        {
            return await connection.QuerySingleAsync<bool>(
                """
                  with before as materialized (
                       select group_id, name, (name, description, most_sessions)::text as was
                         from app_group
                        where group_id = @group
                          for update),
                       changed as (
                       update app_group g
                          set name          = coalesce(@name, g.name),
                              description   = coalesce(@description, g.description),
                              most_sessions = nullif(coalesce(@mostSessions, g.most_sessions), 0)
                         from before
                        where g.group_id = before.group_id
                    returning g.group_id, g.name, g.most_sessions, (g.name, g.description, g.most_sessions)::text as is),
                       audit as (
                       insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                       select @actor, 'group.update', 'group', group_id, changed.name,
                              case when @mostSessions::int is not null then coalesce(changed.most_sessions::text, '') else '' end, @SourceAddress
                         from changed join before using (group_id)
                        where changed.is <> before.was)
                select exists (select from changed)
                """, new { group, name, description, mostSessions, actor = by.UserName, by.SourceAddress }) ? null : RefusalReason.NotFound;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return RefusalReason.NameTaken; }
    }

    /// <summary>Its members lose what the group gave them.</summary>
    public async Task DeleteAsync(Guid group, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
              with gone as (
                   delete from app_group
                    where group_id = @group
                returning group_id, name)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @actor, 'group.delete', 'group', group_id, name, @SourceAddress
              from gone
            """, new { group, actor = by.UserName, by.SourceAddress });
    }

    public async Task<IReadOnlyList<Person>> MembersAsync(Guid group, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Person>(new CommandDefinition(
            """
              select user_id as id, user_name, display_name, enabled, administrator, most_sessions
                from group_member
                join app_user using (user_id)
               where group_id = @group
            order by user_name
            """, new { group }, cancellationToken: ct))).AsList();
    }

    /// <summary>What the group is entitled to, by name.</summary>
    public async Task<IReadOnlyList<(Guid Pool, string Name)>> PoolsAsync(Guid group, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid, string)>(new CommandDefinition(
            """
              select pool_id, name
                from group_entitlement
                join pool using (pool_id)
               where group_id = @group
            order by lower(name)
            """, new { group }, cancellationToken: ct))).AsList();
    }

    /// <summary>Whether the user exists. Doing it twice is done, too.</summary>
    public async Task<bool> SetMemberAsync(Guid group, string userName, bool member, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<bool>(
            $"""
              with person as (
                   select user_id, user_name
                     from app_user
                    where user_name = @userName
                      and not synthetic),
                   changed as (
                   {(member
                ? "insert into group_member (user_id, group_id) select user_id, group_id from person, app_group where group_id = @group on conflict do nothing returning group_id"
                : "delete from group_member where group_id = @group and user_id in (select user_id from person) returning group_id")}),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select @actor, @action, 'group', group_id, name, @userName, @SourceAddress
                     from changed
                     join app_group using (group_id))
            select exists (select from person)
            """, new { group, userName, action = member ? "group.add_member" : "group.remove_member", actor = by.UserName, by.SourceAddress });
    }
}
