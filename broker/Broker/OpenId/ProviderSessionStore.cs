using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>SQL of sessions at providers, and of what was signed in through them.</summary>
internal sealed class ProviderSessionStore(Database database, SecretBox box, TimeProvider time, IOptions<IdentityOptions> options)
{
    /// <summary>Remembers the session at the provider; what is signed in through it ends with it.</summary>
    public async Task<Guid> AddAsync(Guid provider, Guid user, string subject, string sid, string idToken)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        // As long as anything that is signed in through it can last, the second step included.
        var lifetime = new[] { options.Value.AdministratorLifetime, options.Value.EmployeeLifetime }.Max() + TimeSpan.FromMinutes(15);
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
              with old as (
                   delete from oidc_session
                    where expires_at < now())
            insert into oidc_session (oidc_session_id, provider_id, user_id, subject, sid, id_token, expires_at)
            values (@id, @provider, @user, @subject, @sid, @idToken, now() + @lifetime)
            """, new { id, provider, user, subject, sid, idToken = box.Seal(Encoding.ASCII.GetBytes(idToken), Place(id)), lifetime });
        return id;
    }

    /// <summary>Ends the session that a sign-in came from, with all others that came from it. Null when it came from none.</summary>
    public async Task<(Guid Provider, string IdToken)?> EndAsync(Caller caller)
    {
        await using var connection = await database.OpenConnectionAsync();
        var gone = await connection.QuerySingleOrDefaultAsync<(Guid Id, Guid Provider, byte[] Token)?>(
            """
              with mine as materialized (
                   select s.oidc_session_id, s.provider_id, s.user_id, s.sid, s.id_token
                     from oidc_session s
                     join sign_in i using (oidc_session_id)
                    where i.token_sha256 = @signIn),
                   gone as (
                   delete from oidc_session s
                    using mine
                    where s.oidc_session_id = mine.oidc_session_id
                       or mine.sid <> '' and (s.provider_id, s.user_id, s.sid) = (mine.provider_id, mine.user_id, mine.sid)),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                   select @UserName, 'sign_out', 'user', @user, @UserName, @SourceAddress
                     from mine)
            select oidc_session_id, provider_id, id_token
              from mine
            """, new { signIn = Convert.FromHexString(caller.SignIn), user = caller.User.Value, caller.UserName, caller.SourceAddress });
        return gone is { } found ? (found.Provider, box.Open(found.Token, Place(found.Id)) is { } opened ? Encoding.ASCII.GetString(opened) : "") : null;
    }

    /// <summary>What a logout token ends. The same token again ends nothing. How many sign-ins ended.</summary>
    public async Task<int> EndAsync(Guid provider, string logout, string? subject, string? sid, DateTimeOffset expires)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<int>(
            """
              with old as (
                   delete from oidc_logout
                    where expires_at < now()),
                   seen as (
                   insert into oidc_logout (provider_id, jti_sha256, expires_at)
                   values (@provider, @jti, @expires)
              on conflict do nothing
                returning provider_id),
                   named as materialized (
                   select s.oidc_session_id
                     from oidc_session s
                     join seen using (provider_id)
                    where (@sid::text is null or s.sid = @sid)
                      and (@subject::text is null or s.subject = @subject)),
                   signed_in as materialized (
                   select i.user_id
                     from sign_in i
                     join named using (oidc_session_id)
                    where i.expires_at > now()),
                   gone as (
                   delete from oidc_session s
                    using named
                    where s.oidc_session_id = named.oidc_session_id
                returning s.user_id),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference)
                   select distinct 'provider', 'sign_in.ended', 'user', user_id, user_name, (select name from oidc_provider where provider_id = @provider)
                     from gone
                     join app_user using (user_id))
            select count(*)::int
              from signed_in
            """, new { provider, jti = SHA256.HashData(Encoding.UTF8.GetBytes(logout)), subject, sid, expires = expires.UtcDateTime });
    }

    private static string Place(Guid session) => $"oidc_session.id_token:{session}";
}
