using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Entitlements;

/// <summary>What a change found: whether pool and user exist. Without both nothing was changed.</summary>
internal sealed record EntitlementFound(bool PoolExists, Guid? UserId, string? UserName, string? DisplayName, bool? Enabled, bool? Administrator)
{
    public Person? Person => UserId is { } id ? new(new UserId(id), UserName!, DisplayName!, Enabled!.Value, Administrator!.Value) : null;
}

/// <summary>SQL of entitlements. A change that changes something writes its audit row in the same statement.</summary>
internal sealed class EntitlementStore(Database database)
{
    public async Task<EntitlementFound> GrantAsync(PoolId pool, string userName, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<EntitlementFound>(
            """
              with target as (
                   select pool_id, name
                     from pool
                    where pool_id = @pool
                      and not deleting),
                   person as (
                   select user_id, user_name, display_name, enabled, administrator
                     from app_user
                    where user_name = @userName),
                   changed as (
                   insert into entitlement (pool_id, user_id)
                   select pool_id, user_id
                     from target, person
              on conflict do nothing
                returning user_id),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select @actor, 'pool.entitle', 'pool', target.pool_id, target.name, @userName, @sourceAddress
                     from changed, target)
            select exists (select 1 from target) as pool_exists, user_id, user_name, display_name, enabled, administrator
              from (values (1)) one
              left join person on true
            """, new { pool, userName, actor = by.UserName, sourceAddress = by.SourceAddress });
    }

    public async Task<EntitlementFound> RevokeAsync(PoolId pool, string userName, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<EntitlementFound>(
            """
              with target as (
                   select pool_id, name
                     from pool
                    where pool_id = @pool),
                   person as (
                   select user_id, user_name, display_name, enabled, administrator
                     from app_user
                    where user_name = @userName),
                   changed as (
                   delete from entitlement
                    where pool_id = (select pool_id from target)
                      and user_id = (select user_id from person)
                returning user_id),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select @actor, 'pool.revoke_entitlement', 'pool', target.pool_id, target.name, @userName, @sourceAddress
                     from changed, target)
            select exists (select 1 from target) as pool_exists, user_id, user_name, display_name, enabled, administrator
              from (values (1)) one
              left join person on true
            """, new { pool, userName, actor = by.UserName, sourceAddress = by.SourceAddress });
    }

    /// <summary>Whether pool and group exist; without both nothing was changed.</summary>
    public async Task<(bool Pool, bool Group)> SetGroupAsync(PoolId pool, Guid group, bool entitled, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<(bool, bool)>(
            $"""
              with target as (
                   select pool_id, name
                     from pool
                    where pool_id = @pool
                      and (not deleting or not @entitled)),
                   wanted as (
                   select group_id, name
                     from app_group
                    where group_id = @group),
                   changed as (
                   {(entitled
                ? "insert into group_entitlement (pool_id, group_id) select pool_id, group_id from target, wanted on conflict do nothing returning pool_id"
                : "delete from group_entitlement where pool_id in (select pool_id from target) and group_id = @group returning pool_id")}),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select @actor, @action, 'pool', target.pool_id, target.name, wanted.name, @SourceAddress
                     from changed, target, wanted)
            select exists (select from target), exists (select from wanted)
            """, new { pool, group, entitled, action = entitled ? "pool.entitle_group" : "pool.revoke_group", actor = by.UserName, by.SourceAddress });
    }

    /// <summary>The groups that have the right to a pool, by name.</summary>
    public async Task<IReadOnlyList<(Guid GroupId, string Name, int Members)>> GroupsAsync(PoolId pool, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid, string, int)>(new CommandDefinition(
            """
              select group_id, name, (select count(*)::int from group_member m where m.group_id = g.group_id)
                from group_entitlement
                join app_group g using (group_id)
               where pool_id = @pool
            order by lower(name)
            """, new { pool }, cancellationToken: ct))).AsList();
    }

    /// <summary>Null when there is no such pool.</summary>
    public async Task<IReadOnlyList<Person>?> ListAsync(PoolId pool, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<EntitlementFound>(new CommandDefinition(
            """
               select true as pool_exists, user_id, user_name, display_name, app_user.enabled, administrator
                 from pool
                 left join (entitlement join app_user using (user_id)) using (pool_id)
                where pool_id = @pool
             order by user_name
            """, new { pool }, cancellationToken: ct))).AsList();
        return rows.Count == 0 ? null : [.. rows.Select(row => row.Person).OfType<Person>()];
    }
}
