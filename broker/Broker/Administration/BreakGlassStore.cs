using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>An emergency sign-in that is open; times in UTC.</summary>
internal sealed record EmergencyRow(Guid SignInId, string Reason, string SourceAddress, DateTime CreatedAt, DateTime ExpiresAt, byte[] TokenSha256);

/// <summary>SQL of emergency sign-ins. Every change writes its audit row in the same statement.</summary>
internal sealed class BreakGlassStore(Database database)
{
    /// <summary>The account that all of them are of. Nobody can be made with such a name; it holds no role and has no password.</summary>
    public const string Account = "break:glass";

    /// <summary>Keeps a secret, and makes the account where it is not there yet.</summary>
    public async Task MakeAsync(Guid id, byte[] sha256, string reason, TimeSpan lifetime, string actor)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
              with account as (
                   insert into app_user (user_id, user_name, display_name)
                   values (@user, @Account, 'Break-glass')
              on conflict (user_name) do update
                      set enabled = true),
                   made as (
                   insert into break_glass (break_glass_id, secret_sha256, reason, expires_at)
                   values (@id, @sha256, @reason, now() + @lifetime)
                returning break_glass_id)
            insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
            select @actor, 'break_glass.make', 'break_glass', break_glass_id, 'break-glass', @reason, 'offline'
              from made
            """, new { user = id, Account, id, sha256, reason, lifetime, actor });
    }

    /// <summary>Whose sign-in the secret became, and until when; null when it is unknown, used or too old.</summary>
    public async Task<(Guid User, string DisplayName, DateTime ExpiresAt)?> UseAsync(byte[] secret, Guid signIn, byte[] token, TimeSpan lifetime, string sourceAddress)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<(Guid, string, DateTime)?>(
            """
              with used as (
                   update break_glass
                      set used_at = now(), sign_in_id = @signIn
                    where secret_sha256 = @secret
                      and used_at is null
                      and expires_at    > now()
                returning reason),
                   person as (
                   select u.user_id, u.user_name, u.display_name, used.reason
                     from app_user u, used
                    where u.user_name = @Account),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select user_name, 'break_glass.use', 'user', user_id, user_name, reason, @sourceAddress
                     from person),
                   begun as (
                   insert into sign_in (sign_in_id, token_sha256, user_id, audience, expires_at, source_address, client, emergency)
                   select @signIn, @token, user_id, 'administrator', now() + @lifetime, @sourceAddress, 'break-glass', true
                     from person
                returning user_id, expires_at)
            select user_id, display_name, expires_at
              from begun
              join person using (user_id)
            """, new { secret, signIn, token, lifetime, sourceAddress, Account });
    }

    public async Task<IReadOnlyList<EmergencyRow>> OpenAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<EmergencyRow>(new CommandDefinition(
            """
              select s.sign_in_id, b.reason, s.source_address, s.created_at, s.expires_at, s.token_sha256
                from sign_in s
                join break_glass b using (sign_in_id)
               where s.emergency
                 and s.expires_at > now()
            order by s.created_at
            """, cancellationToken: ct))).AsList();
    }

    /// <summary>The hash of its token, which is good for nothing now; null when it is not open.</summary>
    public async Task<byte[]?> EndAsync(Guid signIn, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<byte[]?>(
            """
              with ended as (
                   delete from sign_in
                    where sign_in_id = @signIn
                      and emergency
                returning user_id, token_sha256),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                   select @actor, 'break_glass.end', 'user', user_id, @Account, @SourceAddress
                     from ended)
            select token_sha256 from ended
            """, new { signIn, Account, actor = by.UserName, by.SourceAddress });
    }
}
