using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Portal;

/// <summary>A text that employees see for a time; times in UTC.</summary>
internal sealed record AnnouncementRow(Guid AnnouncementId, string TextPt, string TextEn, bool Urgent, DateTime ShowsFrom, DateTime? ShowsUntil);

/// <summary>A card that leads to another service of the house.</summary>
internal sealed record LinkRow(Guid LinkId, int Position, string NamePt, string NameEn, string DescriptionPt, string DescriptionEn, string Address);

/// <summary>All SQL of what the portal shows besides desktops.</summary>
internal sealed class ContentStore(Database database)
{
    /// <summary>Every announcement, or only those that are shown now; urgent ones first, then the newest.</summary>
    public Task<List<AnnouncementRow>> AnnouncementsAsync(bool shown) => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<AnnouncementRow>("""
            select announcement_id, text_pt, text_en, urgent, shows_from, shows_until
              from announcement
             where not @shown or now() >= shows_from and (shows_until is null or now() < shows_until)
             order by urgent desc, shows_from desc
            """, new { shown })).AsList());

    /// <summary>Every link in the order in which they are shown.</summary>
    public Task<List<LinkRow>> LinksAsync() => database.RepeatableAsync(async (connection, _) =>
        (await connection.QueryAsync<LinkRow>("select link_id, position, name_pt, name_en, description_pt, description_en, address from web_link order by position, link_id")).AsList());

    /// <param name="row">The whole announcement; a start before year 1 stands for now.</param>
    /// <param name="by">Who is in the audit for it.</param>
    public async Task SetAnnouncementAsync(AnnouncementRow row, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            with kept as (
                insert into announcement (announcement_id, text_pt, text_en, urgent, shows_from, shows_until)
                     values (@AnnouncementId, @TextPt, @TextEn, @Urgent, coalesce(@from, now()), @ShowsUntil)
                on conflict (announcement_id) do update
                        set text_pt = excluded.text_pt, text_en = excluded.text_en, urgent = excluded.urgent, shows_until = excluded.shows_until,
                            shows_from = coalesce(@from, announcement.shows_from)
                  returning announcement_id, coalesce(nullif(text_pt, ''), text_en) as text
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'announcement.set', 'announcement', announcement_id, left(text, 80), @source from kept
            """, new { row.AnnouncementId, row.TextPt, row.TextEn, row.Urgent, from = row.ShowsFrom == default ? (DateTime?)null : row.ShowsFrom, row.ShowsUntil, actor = by.UserName, source = by.SourceAddress });
    }

    /// <summary>False: there is no such announcement.</summary>
    public Task<bool> DeleteAnnouncementAsync(Guid id, Caller by) => DeleteAsync("""
        with gone as (delete from announcement where announcement_id = @id returning announcement_id as id, left(coalesce(nullif(text_pt, ''), text_en), 80) as name)
        insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
             select @actor, 'announcement.delete', 'announcement', id, name, @source from gone
        """, id, by);

    /// <summary>Puts a link where it is wanted; those behind it move up by one.</summary>
    public async Task SetLinkAsync(LinkRow row, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            with place as materialized (
                select case when @Position > 0 then @Position else coalesce((select max(position) from web_link where link_id <> @LinkId), 0) + 1 end as wanted
            ), moved as (
                update web_link set position = position + 1
                 where link_id <> @LinkId and position >= (select wanted from place)
                   and exists (select from web_link o where o.position = (select wanted from place) and o.link_id <> @LinkId)
            ), kept as (
                insert into web_link (link_id, position, name_pt, name_en, description_pt, description_en, address)
                     select @LinkId, wanted, @NamePt, @NameEn, @DescriptionPt, @DescriptionEn, @Address from place
                on conflict (link_id) do update
                        set position = excluded.position, name_pt = excluded.name_pt, name_en = excluded.name_en, description_pt = excluded.description_pt,
                            description_en = excluded.description_en, address = excluded.address
                  returning link_id, coalesce(nullif(name_pt, ''), name_en) as name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'link.set', 'link', link_id, name, @source from kept
            """, new { row.LinkId, row.Position, row.NamePt, row.NameEn, row.DescriptionPt, row.DescriptionEn, row.Address, actor = by.UserName, source = by.SourceAddress });
    }

    /// <summary>False: there is no such link.</summary>
    public Task<bool> DeleteLinkAsync(Guid id, Caller by) => DeleteAsync("""
        with gone as (delete from web_link where link_id = @id returning link_id as id, coalesce(nullif(name_pt, ''), name_en) as name)
        insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
             select @actor, 'link.delete', 'link', id, name, @source from gone
        """, id, by);

    /// <summary>A pool that the person wants to see first, or no longer; nothing happens where the person may not use it.</summary>
    public async Task SetFavouriteAsync(Guid user, Guid pool, bool favourite)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(favourite
            ? "insert into favourite (user_id, pool_id) select distinct e.user_id, e.pool_id from entitled_person e where e.user_id = @user and e.pool_id = @pool on conflict do nothing"
            : "delete from favourite where user_id = @user and pool_id = @pool", new { user, pool });
    }

    /// <summary>The picture of an application that the person may open; null: there is none, or he may not.</summary>
    public Task<byte[]?> IconAsync(Guid user, Guid application) => database.RepeatableAsync((connection, _) => connection.QuerySingleOrDefaultAsync<byte[]>("""
        select i.png
          from application_icon i join application a using (application_id)
         where a.application_id = @application
           and exists (select from entitled_person e where e.pool_id = a.pool_id and e.user_id = @user)
           and (not a.narrowed or exists (select from application_group g join group_member m using (group_id) where g.application_id = a.application_id and m.user_id = @user))
        """, new { user, application }));

    /// <summary>The same for an application.</summary>
    public async Task SetApplicationFavouriteAsync(Guid user, Guid application, bool favourite)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(favourite
            ? "insert into application_favourite (user_id, application_id) select distinct e.user_id, a.application_id from application a join entitled_person e using (pool_id) where e.user_id = @user and a.application_id = @application on conflict do nothing"
            : "delete from application_favourite where user_id = @user and application_id = @application", new { user, application });
    }

    private async Task<bool> DeleteAsync(string sql, Guid id, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync(sql, new { id, actor = by.UserName, source = by.SourceAddress }) > 0;
    }
}
