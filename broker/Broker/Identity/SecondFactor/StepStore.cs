using Dapper;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>SQL of sign-ins that wait for their second step. What proves and what signs in are one statement.</summary>
internal sealed class StepStore(Database database, IOptions<IdentityOptions> options)
{
    /// <summary>Tries that one right password buys.</summary>
    public const int Tries = 5;

    /// <summary>Of an enrolment that was not confirmed; a step lives shorter.</summary>
    public const string EnrolmentLifetime = "interval '15 minutes'";

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>When the step ends; null when the user was disabled, lost the right or got another password meanwhile.</summary>
    public async Task<DateTimeOffset?> BeginAsync(KnownUser user, byte[] sha256, Audience audience, string client, string? newHash, Guid? oidcSession = null)
    {
        await using var connection = await database.OpenConnectionAsync();
        var expires = await connection.QuerySingleOrDefaultAsync<DateTime?>(
            """
                 with person as (
                      select user_id
                        from app_user
                       where user_id       = @UserId
                         and password_hash is not distinct from @PasswordHash
                         and enabled
                         and (administrator or @audience <> 'administrator')
                         for share),
                      rehashed as (
                      update app_user
                         set password_hash = @newHash
                       where user_id       = (select user_id from person)
                         and @newHash::text is not null),
                      old as (
                      delete from sign_in_step
                       where expires_at < now())
               insert into sign_in_step (token_sha256, user_id, audience, client, tries_left, expires_at, oidc_session_id)
               select @sha256, user_id, @audience, left(@client, 100), @Tries, now() + @Lifetime, @oidcSession
                 from person
            returning expires_at
            """, new { user.UserId, user.PasswordHash, sha256, audience = SqlText.Of(audience), client, newHash, Tries, Lifetime, oidcSession });
        return expires is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
    }

    /// <summary>Null: not known, over, or all tries are used up.</summary>
    public Task<WaitingStep?> FindAsync(byte[] sha256) => database.RepeatableAsync((connection, _) => connection.QuerySingleOrDefaultAsync<WaitingStep>(
        """
        select user_id, user_name, display_name, enabled, administrator, audience, not has_factor(user_id) as must_enrol,
               exists (select from totp t where t.user_id = app_user.user_id) as has_app,
               exists (select from passkey p where p.user_id = app_user.user_id) as has_passkey, expires_at
          from sign_in_step
          join app_user using (user_id)
         where token_sha256 = @sha256
           and expires_at   > now()
           and tries_left   > 0
           and enabled
        """, new { sha256 }));

    /// <summary>False when there is none left. Taken before the code is looked at, so that parallel guesses are counted too.</summary>
    public async Task<bool> TakeTryAsync(byte[] sha256)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(
            """
            update sign_in_step
               set tries_left   = tries_left - 1
             where token_sha256 = @sha256
               and expires_at   > now()
               and tries_left   > 0
            """, new { sha256 }) == 1;
    }

    /// <summary>Signs in when the proof still holds: a code that was used meanwhile, here or on another node, proves nothing.</summary>
    /// <param name="proof">Takes what was proven with, and says whose it was.</param>
    /// <param name="step">Hash of the step's token.</param>
    /// <param name="token">Hash of the session token to be.</param>
    /// <param name="way">For the audit record: totp, recovery_code, passkey.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <returns>When the sign-in ends; null when the proof did not hold.</returns>
    public Task<DateTimeOffset?> CompleteAsync(Proof proof, byte[] step, byte[] token, string way, string sourceAddress) =>
        SignInAsync(proof,
            """
            person as (
                      delete from sign_in_step s
                       using app_user u, proof
                       where s.token_sha256 = @step
                         and s.expires_at   > now()
                         and s.user_id      = proof.user_id
                         and u.user_id      = s.user_id
                         and u.enabled
                         and (u.administrator or s.audience <> 'administrator')
                   returning u.user_id, u.user_name, s.audience, s.client, s.oidc_session_id)
            """, new { step }, token, way, sourceAddress);

    /// <summary>Signs in by a proof that counts as both steps; no password was asked for.</summary>
    /// <param name="proof">Takes what was proven with, and says whose it was.</param>
    /// <param name="audience">Whom the token is for.</param>
    /// <param name="client">What the person signs in with.</param>
    /// <param name="token">Hash of the session token to be.</param>
    /// <param name="way">For the audit record.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <returns>When the sign-in ends; null when the proof did not hold, or the person may not sign in there.</returns>
    public Task<DateTimeOffset?> SignInAsync(Proof proof, Audience audience, string client, byte[] token, string way, string sourceAddress) => SignInAsync(proof,
        """
        person as (
                      select u.user_id, u.user_name, @audience as audience, left(@client, 100) as client, null::uuid as oidc_session_id
                        from app_user u
                        join proof using (user_id)
                       where u.enabled
                         and (u.administrator or @audience <> 'administrator')
                         for share of u)
        """, new { audience = SqlText.Of(audience), client }, token, way, sourceAddress);

    private async Task<DateTimeOffset?> SignInAsync(Proof proof, string person, object personParameters, byte[] token, string way, string sourceAddress)
    {
        var parameters = new DynamicParameters(proof.Parameters);
        parameters.AddDynamicParams(personParameters);
        parameters.AddDynamicParams(new
        {
            token, way, sourceAddress,
            administratorLifetime = options.Value.AdministratorLifetime,
            employeeLifetime = options.Value.EmployeeLifetime,
        });
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = proof.FirstOf is null ? null : await connection.BeginTransactionAsync();
        if (proof.FirstOf is { } first) await connection.ExecuteAsync("select from app_user where user_id = @first for update", new { first }, transaction);
        var expires = await connection.QuerySingleOrDefaultAsync<DateTime?>(
            $"""
                 with {proof.Sql},
                      {person},
                      old as (
                      delete from sign_in
                       where user_id    = (select user_id from person)
                         and expires_at < now()),
                      audit as (
                      insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                      select user_name, 'sign_in.ok', 'user', user_id, user_name, audience || ' ' || @way, @sourceAddress
                        from person)
               insert into sign_in (token_sha256, user_id, audience, expires_at, source_address, client, second_factor, oidc_session_id)
               select @token, user_id, audience, now() + case audience when 'administrator' then @administratorLifetime else @employeeLifetime end, @sourceAddress, client, true, oidc_session_id
                 from person
            returning expires_at
            """, parameters, transaction);
        // A first factor is kept only with its sign-in; other proofs are spent even when they sign nobody in.
        if (transaction is not null && expires is not null) await transaction.CommitAsync();
        return expires is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
    }

    public async Task RecordFailureAsync(WaitingStep step, string outcome, string sourceAddress)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, reference, source_address)
            values (@UserName, 'sign_in.failed', 'user', @UserId, @UserName, @outcome, @reference, @sourceAddress)
            """, new { step.UserName, step.UserId, outcome, reference = step.Audience, sourceAddress });
    }
}
