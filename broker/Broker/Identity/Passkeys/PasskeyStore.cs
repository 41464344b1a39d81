using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>SQL of people's passkeys. The counter is moved by <see cref="SecondFactor.Proof"/> only, removal is with the other factors.</summary>
internal sealed class PasskeyStore(Database database)
{
    /// <summary>Passkeys of one person.</summary>
    public const int Most = 20;

    private const string Columns = "passkey_id, user_id, credential_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up, created_at, last_used_at";

    /// <summary>Oldest first.</summary>
    public Task<List<KeptPasskey>> OfAsync(Guid user) => database.RepeatableAsync(async (connection, _) => (await connection.QueryAsync<KeptPasskey>(
        $"select {Columns} from passkey where user_id = @user order by created_at, passkey_id", new { user })).AsList());

    public Task<KeptPasskey?> FindAsync(byte[] credential) => database.RepeatableAsync((connection, _) => connection.QuerySingleOrDefaultAsync<KeptPasskey>(
        $"select {Columns} from passkey where credential_id = @credential", new { credential }));

    public Task<PasskeyOwner?> OwnerAsync(Guid user) => database.RepeatableAsync((connection, _) => connection.QuerySingleOrDefaultAsync<PasskeyOwner>(
        "select user_id, user_name, display_name, enabled, administrator from app_user where user_id = @user", new { user }));

    /// <summary>
    /// Null: the credential is somebody's already, or there are too many. Else whether it is the person's first second factor: then the
    /// recovery codes count, and the other sign-ins end, which were made with less.
    /// </summary>
    public async Task<bool?> AddAsync(KeptPasskey passkey, byte[][] codes, Caller caller)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<bool?>(
            """
              with person as (
                   select user_id, user_name, not has_factor(user_id) as first
                     from app_user
                    where user_id = @UserId
                      and enabled
                      for update),
                   added as (
                   insert into passkey (passkey_id, user_id, credential_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up)
                   select @PasskeyId, user_id, @CredentialId, @Name, @PublicKey, @SignCount, @Transports, @UserVerified, @BackupEligible, @BackedUp
                     from person
                    where (select count(*) from passkey where user_id = @UserId) < @Most
                       on conflict do nothing
                returning user_id),
                   codes as (
                   insert into recovery_code (user_id, code_sha256)
                   select user_id, unnest(@codes)
                     from person
                     join added using (user_id)
                    where first),
                   ended as (
                   delete from sign_in
                    where user_id       = (select user_id from person join added using (user_id) where first)
                      and token_sha256 <> @signIn),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select user_name, 'factor.add', 'user', user_id, user_name, 'passkey', @SourceAddress
                     from person
                     join added using (user_id))
            select first
              from person
              join added using (user_id)
            """,
            new
            {
                passkey.PasskeyId, passkey.UserId, passkey.CredentialId, passkey.Name, passkey.PublicKey, passkey.SignCount, passkey.Transports,
                passkey.UserVerified, passkey.BackupEligible, passkey.BackedUp, codes, Most, signIn = Convert.FromHexString(caller.SignIn), caller.SourceAddress,
            });
    }

    /// <summary>False when the caller has no such passkey.</summary>
    public async Task<bool> RenameAsync(Guid passkey, string name, Caller caller)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync("update passkey set name = @name where passkey_id = @passkey and user_id = @user", new { passkey, name, user = caller.User.Value }) == 1;
    }
}

/// <summary>One row of passkey; times in UTC.</summary>
/// <param name="Transports">Ways to reach the authenticator, in the words of WebAuthn, with a space between.</param>
internal sealed record KeptPasskey(
    Guid PasskeyId, Guid UserId, byte[] CredentialId, string Name, byte[] PublicKey, long SignCount, string Transports,
    bool UserVerified, bool BackupEligible, bool BackedUp, DateTime CreatedAt, DateTime? LastUsedAt);

/// <summary>Whose passkey it is.</summary>
internal sealed record PasskeyOwner(Guid UserId, string UserName, string DisplayName, bool Enabled, bool Administrator)
{
    public Person Person => new(new UserId(UserId), UserName, DisplayName, Enabled, Administrator);

    public KnownUser Known => new(UserId, UserName, DisplayName, null, Enabled, Administrator, HasFactor: true);
}
