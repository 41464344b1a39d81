using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>SQL of first-run set-up.</summary>
internal sealed class SetUpStore(Database database)
{
    public async Task<bool> HasAdministratorAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select 1 from app_user where administrator)", cancellationToken: ct));
    }

    /// <summary>False when there is an administrator already.</summary>
    public async Task<bool> AddTokenAsync(byte[] sha256, TimeSpan lifetime)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with old as (
                   delete from join_token
                    where kind       = 'set_up'
                      and expires_at < now())
            insert into join_token (token_sha256, kind, expires_at)
            select @sha256, 'set_up', now() + @lifetime
             where not exists (select 1 from app_user where administrator)
            """, new { sha256, lifetime }) == 1;
    }

    /// <summary>Cheap look before a password is hashed for somebody who may be anybody.</summary>
    public async Task<bool> IsTokenGoodAsync(byte[] sha256, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select exists (
                   select 1
                     from join_token
                    where token_sha256 = @sha256
                      and kind         = 'set_up'
                      and used_at is null
                      and expires_at   > now())
               and not exists (select 1 from app_user where administrator)
            """, new { sha256 }, cancellationToken: ct));
    }

    /// <summary>
    /// Null when the token is not good any more. One use closes every set-up token there is, so two nodes with a token
    /// each still make one first administrator: the second waits on these rows and then finds them used.
    /// </summary>
    public async Task<KnownUser?> UseAsync(byte[] sha256, Person user, string passwordHash, string sourceAddress)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<KnownUser>(
            """
              with used as (
                   update join_token
                      set used_at = now()
                    where kind    = 'set_up'
                      and used_at is null
                      and exists (select 1 from join_token t where t.token_sha256 = @sha256 and t.kind = 'set_up' and t.used_at is null and t.expires_at > now())
                      and not exists (select 1 from app_user where administrator)
                returning token_sha256),
                   created as (
                   insert into app_user (user_id, user_name, display_name, password_hash, administrator)
                   select @Id, @UserName, @DisplayName, @passwordHash, true
                     from used
                    where token_sha256 = @sha256
                returning user_id, user_name, display_name, password_hash, enabled, administrator),
                   granted as (
                   insert into role_grant (role_grant_id, user_id, role, granted_by)
                   select gen_random_uuid(), user_id, 'administrator', user_name
                     from created),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                   select user_name, 'set_up.done', 'user', user_id, user_name, @sourceAddress
                     from created)
            select user_id, user_name, display_name, password_hash, enabled, administrator, false as has_factor
              from created
            """, new { sha256, user.Id, user.UserName, user.DisplayName, passwordHash, sourceAddress });
    }
}
