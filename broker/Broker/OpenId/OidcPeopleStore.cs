using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.OpenId;

/// <summary>Somebody as his provider describes him.</summary>
/// <param name="Subject">Never changes, whatever becomes of the name.</param>
/// <param name="Account">The name that he gets inside desktops when he comes first.</param>
/// <param name="Groups">Values of the groups claim that are mapped.</param>
internal sealed record OidcPerson(string Subject, string Account, string DisplayName, IReadOnlyList<string> Groups);

/// <summary>SQL of people who come from providers.</summary>
internal sealed class OidcPeopleStore(Database database, TimeProvider time)
{
    private const string Person = "user_id, user_name, display_name, password_hash, enabled, administrator, has_factor(user_id) as has_factor";

    /// <summary>Who has signed in, as we keep him; made at the first sign-in. Null when his name is somebody else's, who is never taken over.</summary>
    public async Task<KnownUser?> AdmitAsync(OidcSettings provider, OidcPerson person)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // A conflict about the person and not the name: the same person signs in twice at once.
        var user = await UpdateAsync(connection, provider.Id, person) ?? await ReturnAsync(connection, provider, person) ?? await CreateAsync(connection, provider.Id, person) ?? await UpdateAsync(connection, provider.Id, person);
        if (user is null) return null;
        await connection.ExecuteAsync(
            """
              with wanted as materialized (
                   select group_id
                     from app_group
                    where oidc_provider_id = @provider
                      and oidc_value       = any (@values)),
                   removed as (
                   delete from group_member m
                    using app_group g
                    where g.group_id = m.group_id
                      and g.oidc_provider_id = @provider
                      and m.user_id  = @user
                      and m.group_id not in (select group_id from wanted))
            insert into group_member (user_id, group_id)
            select @user, group_id from wanted
            on conflict do nothing
            """, new { provider = provider.Id, user = user.UserId, values = person.Groups.ToArray() }, transaction);
        await transaction.CommitAsync();
        return user;
    }

    /// <summary>Who is known by this subject; for the record of a sign-in that failed.</summary>
    public async Task<KnownUser?> FindAsync(Guid provider, string subject)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<KnownUser>($"select {Person} from app_user where oidc_provider_id = @provider and oidc_subject = @subject", new { provider, subject });
    }

    private static Task<KnownUser?> UpdateAsync(NpgsqlConnection connection, Guid provider, OidcPerson person) => connection.QuerySingleOrDefaultAsync<KnownUser>(
        $"""
            update app_user
               set display_name     = @DisplayName
             where oidc_provider_id = @provider
               and oidc_subject     = @Subject
         returning {Person}
        """, new { provider, person.Subject, person.DisplayName });

    // Issuer and subject together are one person for ever (OpenID Connect Core 1.0 section 2), whichever client asks. Who has a password or a directory by now is somebody else's.
    private static Task<KnownUser?> ReturnAsync(NpgsqlConnection connection, OidcSettings provider, OidcPerson person) => connection.QuerySingleOrDefaultAsync<KnownUser>(
        $"""
          with back as (
               update app_user
                  set display_name           = @DisplayName,
                      oidc_provider_id       = @Id,
                      oidc_subject           = former_subject,
                      enabled                = enabled or disabled_with_provider,
                      disabled_with_provider = false,
                      former_issuer          = null,
                      former_subject         = null
                where user_id = (select user_id
                                   from app_user
                                  where former_issuer  = @Issuer
                                    and former_subject = @Subject
                                    and directory_id is null
                                    and password_hash is null
                               order by user_id desc
                                  limit 1)
                  and former_issuer is not null
            returning {Person}),
               audit as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, reference)
               select 'provider', 'user.return', 'user', user_id, user_name, @Name
                 from back)
        select * from back
        """, new { provider.Id, provider.Issuer, provider.Name, person.Subject, person.DisplayName });

    private async Task<KnownUser?> CreateAsync(NpgsqlConnection connection, Guid provider, OidcPerson person) => await connection.QuerySingleOrDefaultAsync<KnownUser>(
        $"""
          with created as (
               insert into app_user (user_id, user_name, display_name, oidc_provider_id, oidc_subject)
               values (@id, @Account, @DisplayName, @provider, @Subject)
          on conflict do nothing
            returning {Person}),
               audit as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, reference)
               select 'provider', 'user.create', 'user', user_id, user_name, (select name from oidc_provider where provider_id = @provider)
                 from created)
        select * from created
        """, new { id = Guid.CreateVersion7(time.GetUtcNow()), provider, person.Account, person.DisplayName, person.Subject });
}
