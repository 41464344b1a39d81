using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>SQL of holiday calendars.</summary>
internal sealed class CalendarStore(Database database)
{
    /// <summary>Every calendar, by name, with those pools of the caller's that use it.</summary>
    public async Task<IReadOnlyList<StoredCalendar>> AllAsync(PoolScope scope, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var calendars = (await connection.QueryAsync<(Guid Id, string Name, bool National)>(new CommandDefinition("select calendar_id, name, national from holiday_calendar order by name", cancellationToken: ct))).AsList();
        var holidays = (await connection.QueryAsync<(Guid Calendar, string Name, short Month, short Day, short? Year)>(new CommandDefinition(
            "select calendar_id, name, month, day, year from holiday order by year nulls first, month, day", cancellationToken: ct))).ToLookup(h => h.Calendar);
        var uses = (await connection.QueryAsync<(Guid Calendar, Guid Pool, string Name)>(new CommandDefinition("""
              select s.calendar_id, p.pool_id, p.name
                from power_schedule s join pool p using (pool_id)
               where s.calendar_id is not null and not p.deleting
                 and (@Pools::uuid[] is null or p.pool_id = any(@Pools))
            order by p.name
            """, new { scope.Pools }, cancellationToken: ct))).ToLookup(u => u.Calendar);
        return [.. calendars.Select(c => new StoredCalendar(
            c.Id, c.Name, new(c.National, [.. holidays[c.Id].Select(h => new Holiday(h.Name, h.Month, h.Day, h.Year))]), [.. uses[c.Id].Select(u => (new PoolId(u.Pool), u.Name))]))];
    }

    /// <summary>Records a calendar, whole. Answers what stood in the way, or null.</summary>
    public async Task<(RefusalReason Reason, string Field)?> SetAsync(StoredCalendar calendar, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var own = calendar.Calendar.Own;
        try
        {
            await connection.ExecuteAsync("""
                with kept as (
                    insert into holiday_calendar (calendar_id, name, national) values (@id, @name, @national)
                    on conflict (calendar_id) do update set name = excluded.name, national = excluded.national
                      returning calendar_id, name
                ), wanted as materialized (
                    select distinct on (month, day, coalesce(year, 0)) month, day, year, name
                      from unnest(@months::smallint[], @days::smallint[], @years::smallint[], @names::text[]) v (month, day, year, name)
                ), dropped as (
                    delete from holiday h using kept
                     where h.calendar_id = kept.calendar_id and not exists (select from wanted w where (w.month, w.day, coalesce(w.year, 0)) = (h.month, h.day, coalesce(h.year, 0)))
                ), added as (
                    insert into holiday (calendar_id, month, day, year, name) select calendar_id, month, day, year, wanted.name from kept, wanted
                    on conflict (calendar_id, month, day, coalesce(year, 0)) do update set name = excluded.name
                )
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, 'calendar.set', 'calendar', calendar_id, name, @source from kept
                """, new
            {
                id = calendar.Id, name = calendar.Name, national = calendar.Calendar.National, months = own.Select(h => (short)h.Month).ToArray(), days = own.Select(h => (short)h.Day).ToArray(),
                years = own.Select(h => (short?)h.Year).ToArray(), names = own.Select(h => h.Name).ToArray(), actor = by.UserName, source = by.SourceAddress,
            });
            return null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return (RefusalReason.NameTaken, "name"); }
    }

    /// <summary>Removes a calendar that no schedule names. Answers what stood in the way, or null.</summary>
    public async Task<RefusalReason?> DeleteAsync(Guid calendar, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        try
        {
            return await connection.ExecuteAsync("""
                with gone as (delete from holiday_calendar where calendar_id = @calendar returning calendar_id, name)
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, 'calendar.delete', 'calendar', calendar_id, name, @source from gone
                """, new { calendar, actor = by.UserName, source = by.SourceAddress }) > 0 ? null : RefusalReason.NotFound;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation) { return RefusalReason.InUse; }
    }
}
