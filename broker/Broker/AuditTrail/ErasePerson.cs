using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>
/// Erases somebody who has left: the key of his names and addresses in the audit record, what notes say about him, and the names of his account, in one statement
/// with the entry that says so. The account's row stays without a name, because sessions and entries point at it.
/// </summary>
internal sealed class ErasePerson(Database database)
{
    // Where it stands who did something, by the name of then.
    private static readonly (string Table, string Column)[] NamedElsewhere =
        [("alert", "acknowledged_by"), ("alert_silence", "silenced_by"), ("task", "asked_by"), ("host", "state_by"), ("operation", "asked_by")];

    private static readonly string UnnamedElsewhere = string.Join(',', NamedElsewhere.Select(n => $"""

                   {n.Table}_unnamed as (
                   update {n.Table}
                      set {n.Column} = '-'
                    where {n.Column} = @userName
                      and exists (select from nameless))
        """));

    /// <summary>Whom it erased, or why not: nobody of that name, or his account is enabled, or he holds a role and the caller gives none.</summary>
    public async Task<(RefusalReason? Refused, Guid Person)> RunAsync(string userName, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        var found = await connection.QuerySingleOrDefaultAsync<ErasedRow>(
            $"""
              with person as (
                   select user_id, enabled, administrator
                     from app_user
                    where user_name = @userName
                      and not synthetic
                      for update),
                   nameless as (
                   update app_user
                      set user_name = 'erased-' || user_id, display_name = '', password_hash = null, directory_id = null, external_id = null, directory_name = null, oidc_provider_id = null, oidc_subject = null,
                          former_issuer = null, former_subject = null, disabled_with_provider = false
                    where user_id = (select user_id from person where not enabled and (@overRoles or not administrator))
                returning user_id),
                   keyless as (
                   insert into audit_person as p (person_id, erased_at)
                   select user_id, now()
                     from nameless
                       on conflict (person_id) do update set sealed_key = null, erased_at = now()
                   returning person_id),
                   unlocked as (
                   delete from totp
                    where user_id = (select user_id from nameless)),
                   linkless as (
                   delete from certificate_link
                    where user_id = (select user_id from nameless)),
                   passkeyless as (
                   delete from passkey
                    where user_id = (select user_id from nameless)),
                   codeless as (
                   delete from recovery_code
                    where user_id = (select user_id from nameless)),
                   without_keys as (
                   delete from api_key
                    where made_by = (select user_id from nameless)),
                   noteless as (
                   delete from user_note
                    where user_id = (select user_id from nameless)),
                   unsigned as (
                   update user_note
                      set written_by = ''
                    where written_by = @userName
                      and exists (select from nameless)),
                   viewless as (
                   delete from saved_view
                    where user_id = (select user_id from nameless)),
                   helped as (
                   update assistance
                      set administrator = '', shown_name = ''
                    where administrator_id = (select user_id from nameless)),
                   {UnnamedElsewhere},
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, source_address)
                   select @actor, 'user.erase', 'user', person_id, @SourceAddress
                     from keyless)
            select user_id as person, enabled, exists (select from keyless) as erased
              from person
            """, new { userName, overRoles = by.Rights.Everywhere(Permission.RolesManage), actor = by.UserName, by.SourceAddress });
        return found switch
        {
            null => (RefusalReason.NotFound, default),
            { Erased: true } => (null, found.Person),
            { Enabled: true } => (RefusalReason.InUse, found.Person),
            _ => (RefusalReason.PermissionMissing, found.Person),
        };
    }

    private sealed record ErasedRow(Guid Person, bool Enabled, bool Erased);
}
