using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Desk;

/// <summary>One note about a person.</summary>
internal sealed record UserNoteRow(Guid NoteId, DateTime WrittenAt, string WrittenBy, string Text);

/// <summary>SQL of notes about people. They are only added.</summary>
internal sealed class UserNoteStore(Database database)
{
    /// <summary>Newest first; null when there is no such user.</summary>
    public async Task<IReadOnlyList<UserNoteRow>?> ListAsync(string userName, int most, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        if (await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition("select user_id from app_user where user_name = @userName and not synthetic", new { userName }, cancellationToken: ct)) is not { } user) return null;
        return (await connection.QueryAsync<UserNoteRow>(new CommandDefinition(
            """
              select note_id, written_at, written_by, text
                from user_note
               where user_id = @user
            order by written_at desc, note_id desc
               limit @most
            """, new { user, most }, cancellationToken: ct))).AsList();
    }

    /// <summary>The note as it is kept; null when there is no such user. The record says that one was written, not what.</summary>
    public async Task<UserNoteRow?> AddAsync(Guid note, string userName, string text, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<UserNoteRow>(
            """
              with person as (
                   select user_id, user_name from app_user where user_name = @userName and not synthetic),
                   added as (
                   insert into user_note (note_id, user_id, written_by, text)
                   select @note, user_id, @actor, @text from person
                returning note_id, written_at, written_by, text),
                   audit as (
                   insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                   select @actor, 'user.note', 'user', user_id, user_name, @SourceAddress from person)
            select note_id, written_at, written_by, text from added
            """, new { note, userName, text, actor = by.UserName, by.SourceAddress });
    }
}
