using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>SQL of local users. Every change writes its audit row in the same statement.</summary>
internal sealed class UserStore(Database database, [FromKeyedServices(StorageExtensions.Reports)] NpgsqlDataSource reports)
{
    /// <summary>By name. Whoever may see some pools only sees the people who get a desktop there, or had one; by groups, who is in them.</summary>
    public async Task<IReadOnlyList<Person>> ListAsync(PoolScope scope, CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        var users = await connection.QueryAsync<Person>(new CommandDefinition(
            $"""
              select user_id as id, user_name, display_name, enabled, administrator, most_sessions
                from app_user
               where not synthetic
                 and (@Pools::uuid[] is null
                      or exists (select from entitled_person e where e.user_id = app_user.user_id and e.pool_id = any(@Pools))
                      or exists (select from session s where s.user_id = app_user.user_id and s.pool_id = any(@Pools))
                      or {PoolScope.IsOfPeople("app_user.user_id")})
            order by user_name
            """, new { scope.Pools, scope.Groups }, cancellationToken: ct));
        return users.AsList();
    }

    /// <summary>Null when the name is taken.</summary>
    public async Task<Person?> CreateAsync(Person user, string passwordHash, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<Person>(
            """
              with created as (
                   insert into app_user (user_id, user_name, display_name, password_hash, administrator)
                   values (@Id, @UserName, @DisplayName, @passwordHash, @Administrator)
              on conflict (user_name) do nothing
                returning user_id, user_name, display_name, enabled, administrator, most_sessions),
                   granted as (
                   insert into role_grant (role_grant_id, user_id, role, granted_by)
                   select gen_random_uuid(), user_id, 'administrator', @actor
                     from created
                    where administrator),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select @actor, 'user.create', 'user', user_id, user_name, case when administrator then 'administrator' else '' end, @SourceAddress
                     from created)
            select user_id as id, user_name, display_name, enabled, administrator, most_sessions
              from created
            """,
            new { user.Id, user.UserName, user.DisplayName, user.Administrator, passwordHash, actor = by.UserName, by.SourceAddress });
    }

    /// <summary>Null when there is no such user, or he holds a role and the caller does not manage roles. All sign-ins of the user end, but an administrator does not sign himself out.</summary>
    public async Task<Person?> SetPasswordAsync(string userName, string passwordHash, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<Person>(
            """
              with changed as (
                   update app_user
                      set password_hash = @passwordHash
                    where user_name     = @userName
                      and directory_id is null
                      and oidc_provider_id is null
                      and not synthetic
                      and (@overRoles or not administrator)
                returning user_id, user_name, display_name, enabled, administrator, most_sessions),
                   ended as (
                   delete from sign_in
                    where user_id       = (select user_id from changed)
                      and token_sha256 <> @signIn),
                   half as (
                   delete from sign_in_step
                    where user_id = (select user_id from changed)),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                   select @actor, 'user.set_password', 'user', user_id, user_name, @SourceAddress
                     from changed)
            select user_id as id, user_name, display_name, enabled, administrator, most_sessions
              from changed
            """,
            new { userName, passwordHash, overRoles = by.Rights.Everywhere(Permission.RolesManage), signIn = Convert.FromHexString(by.SignIn), actor = by.UserName, by.SourceAddress });
    }

    /// <summary>
    /// Null when there is no such user, when he holds a role and the caller does not manage roles, or when nobody could administer
    /// any more. The lock on all enabled administrators makes two who disable each other wait for one another; the second then finds himself the last.
    /// </summary>
    public async Task<Person?> SetEnabledAsync(string userName, bool enabled, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<Person>(
            $"""
              with {RoleStore.Keepers},
                   changed as (
                   update app_user
                      set enabled                = @enabled,
                          disabled_with_provider = false
                    where user_name = @userName
                      and not synthetic
                      and (@overRoles or not administrator)
                      and (@enabled or not exists (select from keepers where keepers.user_id = app_user.user_id)
                           or exists (select from keepers where keepers.user_id <> app_user.user_id))
                returning user_id, user_name, display_name, enabled, administrator, most_sessions),
                   ended as (
                   delete from sign_in
                    where user_id = (select user_id from changed where not enabled)),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                   select @actor, case when enabled then 'user.enable' else 'user.disable' end, 'user', user_id, user_name, @SourceAddress
                     from changed)
            select user_id as id, user_name, display_name, enabled, administrator, most_sessions
              from changed
            """,
            new { userName, enabled, overRoles = by.Rights.Everywhere(Permission.RolesManage), actor = by.UserName, by.SourceAddress });
    }

    /// <summary>Who signs in by a directory or a provider, and has no password here.</summary>
    public async Task<bool> IsInDirectoryAsync(string userName)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<bool>("select exists (select from app_user where user_name = @userName and (directory_id is not null or oidc_provider_id is not null))", new { userName });
    }

    public async Task<Person?> FindAsync(string userName, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Person>(new CommandDefinition(
            """
            select user_id as id, user_name, display_name, enabled, administrator, most_sessions
              from app_user
             where user_name = @userName
            """, new { userName }, cancellationToken: ct));
    }
}
