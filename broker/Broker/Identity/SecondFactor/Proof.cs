using Montalegre.Vdi.Broker.Identity.Passkeys;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>
/// The first part of a statement that takes what somebody proved with: a common table expression <c>proof</c> with one column
/// user_id, and no row when another was faster. What is done with the proof follows in the same statement.
/// </summary>
internal sealed record Proof(string Sql, object Parameters)
{
    /// <summary>Whose first factor it is to be: of two at once, each must see the other. Null: it is none.</summary>
    public Guid? FirstOf { get; private init; }

    /// <summary>A code of the app: the step is moved on, and never back.</summary>
    public static Proof OfApp(Guid user, long step) => new(
        """
        proof as (
           update totp
              set last_step = @accepted
            where user_id   = @user
              and last_step < @accepted
        returning user_id)
        """, new { user, accepted = step });

    /// <summary>A recovery code: deleted.</summary>
    public static Proof OfRecoveryCode(Guid user, string code) => new(
        """
        proof as (
           delete from recovery_code
            where user_id     = @user
              and code_sha256 = @code
        returning user_id)
        """, new { user, code = RecoveryCode.Hash(user, code) });

    /// <summary>A passkey: its counter is moved on, and never back. One that does not count says 0 each time; its answers differ by the challenge.</summary>
    public static Proof OfPasskey(Guid user, byte[] credential, uint signCount, bool backedUp) => new(
        """
        proof as (
           update passkey
              set sign_count    = @signCount,
                  backed_up     = @backedUp,
                  last_used_at  = now()
            where credential_id = @credential
              and user_id       = @user
              and (sign_count < @signCount or sign_count = 0 and @signCount = 0)
        returning user_id)
        """, new { user, credential, signCount = (long)signCount, backedUp });

    /// <summary>A first code of an app that was offered to this holder: the app counts from now on. Who has a factor already proves nothing so.</summary>
    /// <param name="user">Whose app it is to be.</param>
    /// <param name="holder">Hash of the token that it was offered to.</param>
    /// <param name="secret">Sealed for its new place.</param>
    /// <param name="step">Of the code.</param>
    /// <param name="codes">Recovery codes to go with it.</param>
    /// <param name="only">Only if the person has no other factor either.</param>
    public static Proof OfNewApp(Guid user, byte[] holder, byte[] secret, long step, string[] codes, bool only) => new(
        $"""
          offered as (
             delete from totp_enrolment
              where holder_sha256 = @holder
                and user_id       = @user
                and created_at    > now() - {StepStore.EnrolmentLifetime}
          returning user_id),
          proof as (
             insert into totp (user_id, secret, last_step)
             select user_id, @secret, @accepted
               from offered
              where not (@only and has_factor(user_id))
        on conflict (user_id) do nothing
          returning user_id),
          {WithCodes("totp")}
        """, new { user, holder, secret, accepted = step, codes = codes.Select(code => RecoveryCode.Hash(user, code)).ToArray(), only }) { FirstOf = only ? user : null };

    /// <summary>A passkey that the browser made for somebody who has no factor: it counts from now on. Who has one already proves nothing so.</summary>
    /// <param name="passkey">As it is kept.</param>
    /// <param name="codes">Recovery codes to go with it.</param>
    public static Proof OfNewPasskey(KeptPasskey passkey, string[] codes) => new(
        $"""
          proof as (
             insert into passkey (passkey_id, user_id, credential_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up)
             select @PasskeyId, user_id, @CredentialId, @Name, @PublicKey, @SignCount, @Transports, @UserVerified, @BackupEligible, @BackedUp
               from app_user
              where user_id = @UserId
                and not has_factor(user_id)
        on conflict do nothing
          returning user_id),
          {WithCodes("passkey")}
        """, new
        {
            passkey.PasskeyId, passkey.UserId, passkey.CredentialId, passkey.Name, passkey.PublicKey, passkey.SignCount, passkey.Transports, passkey.UserVerified, passkey.BackupEligible, passkey.BackedUp,
            codes = codes.Select(code => RecoveryCode.Hash(passkey.UserId, code)).ToArray(),
        }) { FirstOf = passkey.UserId };

    // A first factor comes with recovery codes, which replace any there are, and is put on record.
    private static string WithCodes(string factor) => $"""
        codes as (
             insert into recovery_code (user_id, code_sha256)
             select proof.user_id, unnest(@codes)
               from proof),
          older as (
             delete from recovery_code
              where user_id = (select user_id from proof)),
          added as (
             insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
             select user_name, 'factor.add', 'user', user_id, user_name, '{factor}', @sourceAddress
               from proof
               join app_user using (user_id))
        """;
}
