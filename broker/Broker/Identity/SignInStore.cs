using System.Data;
using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>SQL of sign-ins. Every change writes its audit row in the same statement.</summary>
internal sealed class SignInStore(Database database)
{
    public async Task<KnownUser?> FindAsync(string userName, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<KnownUser>(new CommandDefinition(
            """
            select user_id, user_name, display_name, password_hash, enabled, administrator, has_factor(user_id) as has_factor
              from app_user
             where user_name = @userName
            """, new { userName }, cancellationToken: ct));
    }

    /// <summary>
    /// Signs somebody in by the password alone. When the sign-in ends; null when the user was disabled, got another password,
    /// a role or a second factor meanwhile.
    /// </summary>
    public async Task<DateTimeOffset?> StartAsync(KnownUser user, byte[] sha256, TimeSpan lifetime, string sourceAddress, string? newHash)
    {
        await using var connection = await database.OpenConnectionAsync();
        var expires = await connection.QuerySingleOrDefaultAsync<DateTime?>(
            """
              with person as (
                   select user_id, user_name
                     from app_user
                    where user_id       = @userId
                      and password_hash is not distinct from @passwordHash
                      and enabled
                      and not administrator
                      and not has_factor(user_id)
                      for share),
                   rehashed as (
                   update app_user
                      set password_hash = @newHash
                    where user_id       = (select user_id from person)
                      and @newHash::text is not null),
                   old as (
                   delete from sign_in
                    where user_id    = @userId
                      and expires_at < now()),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select user_name, 'sign_in.ok', 'user', user_id, user_name, 'employee', @sourceAddress
                     from person)
            insert into sign_in (token_sha256, user_id, audience, expires_at, source_address)
            select @sha256, user_id, 'employee', now() + @lifetime, @sourceAddress
              from person
              returning expires_at
            """,
            new
            {
                userId = user.UserId,
                passwordHash = user.PasswordHash,
                sha256,
                lifetime,
                sourceAddress,
                newHash,
            });
        return expires is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
    }

    /// <summary>
    /// Signs somebody in by the word of a provider or by a certificate. When the sign-in ends; null when he was disabled, got a role or a second
    /// factor meanwhile.
    /// </summary>
    /// <param name="user">Who.</param>
    /// <param name="sha256">Hash of the session token to be.</param>
    /// <param name="audience">Whom the token is for.</param>
    /// <param name="how">For the audit record.</param>
    /// <param name="secondFactor">A second factor was given there, and that counts.</param>
    /// <param name="lifetime">Of the sign-in.</param>
    /// <param name="client">What he signs in with.</param>
    /// <param name="sourceAddress">Where he is.</param>
    /// <param name="providerSession">The session at the provider with which it ends; null: none.</param>
    public async Task<DateTimeOffset?> StartVouchedAsync(
        KnownUser user, byte[] sha256, Audience audience, string how, bool secondFactor, TimeSpan lifetime, string client, string sourceAddress, Guid? providerSession = null)
    {
        await using var connection = await database.OpenConnectionAsync();
        var expires = await connection.QuerySingleOrDefaultAsync<DateTime?>(
            """
              with person as (
                   select user_id, user_name
                     from app_user
                    where user_id = @UserId
                      and enabled
                      and (administrator or @audience <> 'administrator')
                      and (@secondFactor or not administrator and not has_factor(user_id))
                      for share),
                   old as (
                   delete from sign_in
                    where user_id    = @UserId
                      and expires_at < now()),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select user_name, 'sign_in.ok', 'user', user_id, user_name, @audience || ' ' || @how, @sourceAddress
                     from person)
            insert into sign_in (token_sha256, user_id, audience, expires_at, source_address, client, second_factor, oidc_session_id)
            select @sha256, user_id, @audience, now() + @lifetime, @sourceAddress, left(@client, 100), @secondFactor, @providerSession::uuid
              from person
              returning expires_at
            """, new { user.UserId, sha256, audience = SqlText.Of(audience), how, secondFactor, lifetime, client, sourceAddress, providerSession });
        return expires is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
    }

    // A name that nobody has is not written down: people type their password there by mistake.
    public async Task RecordFailureAsync(KnownUser? user, RefusalReason reason, Audience audience, string sourceAddress)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, reference, source_address)
            values (@userName, 'sign_in.failed', 'user', @userId, @userName, @outcome, @audience, @sourceAddress)
            """,
            new
            {
                userName = user?.UserName ?? "unknown",
                userId = user?.UserId,
                outcome = ReasonTexts.Name((ReasonCode)(int)reason),
                audience = SqlText.Of(audience),
                sourceAddress,
            });
    }

    /// <summary>Who a token belongs to. Part of every call, so it is written for the driver directly.</summary>
    public Task<Caller?> FindCallerAsync(byte[] sha256, string signIn, CancellationToken ct) => database.RepeatableAsync(async (connection, _) =>
    {
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            select user_id, user_name, display_name, audience, source_address, case when emergency then '[["administrator", null, null]]' when audience = 'administrator' then rights_of(user_id) end, emergency
              from sign_in
              join app_user using (user_id)
             where token_sha256 = $1
               and expires_at   > now()
               and enabled
               and (administrator and second_factor or audience <> 'administrator' or emergency)
            """;
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = sha256 });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, ct);
        return await row.ReadAsync(ct)
            ? new Caller(new(row.GetGuid(0)), row.GetString(1), row.GetString(2), SqlText.Parse<Audience>(row.GetString(3)), row.GetString(4), signIn) { Rights = Rights.Read(row.IsDBNull(5) ? null : row.GetString(5)), Emergency = row.GetBoolean(6) }
            : null;
    }, ct);

    public async Task EndAsync(Caller caller)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
              with ended as (
                   delete from sign_in
                    where token_sha256 = @sha256
                returning user_id)
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
            select @userName, 'sign_out', 'user', user_id, @userName, @sourceAddress
              from ended
            """,
            new { sha256 = Convert.FromHexString(caller.SignIn), caller.UserName, caller.SourceAddress });
    }
}
