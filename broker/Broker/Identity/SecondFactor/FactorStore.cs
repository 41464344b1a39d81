using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>SQL of what people have as a second factor. A person changes his own only with a sign-in of the last minutes.</summary>
internal sealed class FactorStore(Database database)
{
    // A browser that was left open must not be enough to take the account over for good.
    private const string Fresh = "s.created_at > now() - interval '10 minutes'";

    public Task<KeptApp?> FindAppAsync(Guid user) => database.RepeatableAsync((connection, _) => connection.QuerySingleOrDefaultAsync<KeptApp>(
        "select secret, created_at from totp where user_id = @user", new { user }));

    public Task<OwnFactors> OwnAsync(Guid user) => database.RepeatableAsync((connection, _) => connection.QuerySingleAsync<OwnFactors>(
        """
           select t.created_at as totp_since, (select count(*)::int from recovery_code where user_id = @user) as recovery_codes, u.administrator
             from app_user u
        left join totp t using (user_id)
            where u.user_id = @user
        """, new { user }));

    /// <summary>The sealed secret that is offered to this holder: the one of before, so that a page may be reloaded, or this one.</summary>
    public async Task<byte[]> OfferAsync(byte[] holder, Guid user, byte[] secret)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleAsync<byte[]>(
            $"""
                   with old as (
                        delete from totp_enrolment
                         where created_at <= now() - {StepStore.EnrolmentLifetime}
                           and holder_sha256 <> @holder)
                 insert into totp_enrolment as t (holder_sha256, user_id, secret)
                 values (@holder, @user, @secret)
            on conflict (holder_sha256) do update
                    set secret     = case when t.created_at > now() - {StepStore.EnrolmentLifetime} then t.secret else excluded.secret end,
                        created_at = case when t.created_at > now() - {StepStore.EnrolmentLifetime} then t.created_at else now() end
              returning secret
            """, new { holder, user, secret });
    }

    public Task<byte[]?> FindOfferAsync(byte[] holder, Guid user) => database.RepeatableAsync((connection, _) => connection.QuerySingleOrDefaultAsync<byte[]>(
        $"""
        select secret
          from totp_enrolment
         where holder_sha256 = @holder
           and user_id       = @user
           and created_at    > now() - {StepStore.EnrolmentLifetime}
        """, new { holder, user }));

    public Task<bool> IsFreshAsync(Caller caller) => database.RepeatableAsync((connection, _) => connection.ExecuteScalarAsync<bool>(
        $"select exists (select from sign_in s where s.token_sha256 = @signIn and {Fresh})", new { signIn = Convert.FromHexString(caller.SignIn) }));

    /// <summary>False when the proof did not hold. The other sign-ins of the person end: they were made with less.</summary>
    public async Task<bool> AddAsync(Proof proof, Caller caller)
    {
        var parameters = new DynamicParameters(proof.Parameters);
        parameters.AddDynamicParams(new { signIn = Convert.FromHexString(caller.SignIn), sourceAddress = caller.SourceAddress });
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<Guid?>(
            $"""
              with {proof.Sql},
                   ended as (
                   delete from sign_in
                    where user_id       = (select user_id from proof)
                      and token_sha256 <> @signIn)
            select user_id
              from proof
            """, parameters) is not null;
    }

    public Task<bool> RemoveAppAsync(Caller caller) => RemoveAsync("totp", null, caller);

    public Task<bool> RemovePasskeyAsync(Guid passkey, Caller caller) => RemoveAsync("passkey", passkey, caller);

    /// <summary>False when there is none, or it is the last one of somebody who must have one. Recovery codes go with the last factor.</summary>
    private async Task<bool> RemoveAsync(string table, Guid? passkey, Caller caller)
    {
        var one = passkey is null ? "" : "and f.passkey_id = @passkey";
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // Two removals at once must not each see the other's factor as the one that stays.
        await connection.ExecuteAsync("select from app_user where user_id = @user for update", new { user = caller.User.Value }, transaction);
        var gone = await connection.ExecuteAsync(
            $"""
              with others as (
                   select (select count(*) from totp where user_id = @user) + (select count(*) from passkey where user_id = @user) > 1 as stay),
                   gone as (
                   delete from {table} f
                    using app_user u, others
                    where u.user_id = @user
                      and f.user_id = u.user_id
                      and (others.stay or not u.administrator)
                      {one}
                returning u.user_id, u.user_name, others.stay),
                   codes as (
                   delete from recovery_code
                    where user_id = (select user_id from gone where not stay))
            insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
            select user_name, 'factor.remove', 'user', user_id, user_name, '{table}', @SourceAddress
              from gone
            """, new { user = caller.User.Value, passkey, caller.SourceAddress }, transaction) == 1;
        await transaction.CommitAsync();
        return gone;
    }

    /// <summary>False when there is no factor that they could stand in for.</summary>
    public async Task<bool> RenewCodesAsync(Caller caller, IReadOnlyList<string> codes)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
              with person as (
                   select user_id, user_name
                     from app_user
                    where user_id = @user
                      and has_factor(user_id)),
                   older as (
                   delete from recovery_code
                    where user_id = (select user_id from person)),
                   newer as (
                   insert into recovery_code (user_id, code_sha256)
                   select user_id, unnest(@hashes)
                     from person)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select user_name, 'factor.recovery_codes', 'user', user_id, user_name, @SourceAddress
              from person
            """, new { user = caller.User.Value, hashes = codes.Select(code => RecoveryCode.Hash(caller.User.Value, code)).ToArray(), caller.SourceAddress }) == 1;
    }

    /// <summary>Null when there is no such user, or he holds a role and the caller does not manage roles. Every sign-in of the user ends, the half ones too.</summary>
    public async Task<Person?> ResetAsync(string userName, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<Person>(
            """
              with person as (
                   select user_id, user_name, display_name, enabled, administrator, most_sessions
                     from app_user
                    where user_name = @userName
                      and not synthetic
                      and (@overRoles or not administrator)),
                   apps as (delete from totp where user_id = (select user_id from person)),
                   passkeys as (delete from passkey where user_id = (select user_id from person)),
                   codes as (delete from recovery_code where user_id = (select user_id from person)),
                   offers as (delete from totp_enrolment where user_id = (select user_id from person)),
                   steps as (delete from sign_in_step where user_id = (select user_id from person)),
                   ended as (delete from sign_in where user_id = (select user_id from person)),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                   select @actor, 'user.reset_factors', 'user', user_id, user_name, @SourceAddress
                     from person)
            select user_id as id, user_name, display_name, enabled, administrator, most_sessions
              from person
            """, new { userName, overRoles = by.Rights.Everywhere(Permission.RolesManage), actor = by.UserName, by.SourceAddress });
    }
}
