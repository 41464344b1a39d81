using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>SQL of how many sessions people may have open at once. The launch statement keeps them.</summary>
internal sealed class QuotaStore(Database database)
{
    /// <summary>What holds for everybody; null: any number.</summary>
    public async Task<int?> OfEverybodyAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<int?>(new CommandDefinition("select most_sessions_per_user from installation", cancellationToken: ct));
    }

    public async Task SetForEverybodyAsync(int? most, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
              with changed as (
                   update installation
                      set most_sessions_per_user = @most
                    where most_sessions_per_user is distinct from @most
                returning most_sessions_per_user)
            insert into audit_event (actor, action, object_kind, reference, source_address)
            select @actor, 'quota.set', 'installation', coalesce(most_sessions_per_user::text, ''), @SourceAddress
              from changed
            """, new { most, actor = by.UserName, by.SourceAddress });
    }

    /// <summary>An exception for one person, or none; null when there is no such user.</summary>
    public async Task<Person?> SetForAsync(string userName, int? most, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<Person>(
            """
              with changed as (
                   update app_user
                      set most_sessions = @most
                    where user_name     = @userName
                returning user_id, user_name, display_name, enabled, administrator, most_sessions),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                   select @actor, 'user.quota', 'user', user_id, user_name, coalesce(most_sessions::text, ''), @SourceAddress
                     from changed)
            select user_id as id, user_name, display_name, enabled, administrator, most_sessions
              from changed
            """, new { userName, most, actor = by.UserName, by.SourceAddress });
    }
}
