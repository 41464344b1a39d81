using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>A pool's schedule as it is recorded.</summary>
internal sealed record StoredSchedule(PoolId Pool, string TimeZone, Guid? Calendar, PowerWish Otherwise, IReadOnlyList<PowerWindow> Windows)
{
    /// <summary>What decides, with the calendar that it names.</summary>
    public PowerSchedule With(HolidayCalendar calendar) => new(TimeZoneInfo.FindSystemTimeZoneById(TimeZone), Windows, Otherwise, calendar.IsHoliday);
}

/// <summary>A calendar as it is recorded.</summary>
/// <param name="UsedBy">Pools whose schedule names it, by name.</param>
internal sealed record StoredCalendar(Guid Id, string Name, HolidayCalendar Calendar, IReadOnlyList<(PoolId Pool, string Name)> UsedBy);

/// <summary>SQL of schedules and of what they close.</summary>
internal sealed class PowerStore(Database database)
{
    // Refusals that more machines would have spared the person.
    private static readonly string[] NoMachine = [nameof(RefusalReason.LaunchTimedOut), nameof(RefusalReason.LeftQueue)];

    /// <summary>Every pool's schedule, or one pool's.</summary>
    public async Task<IReadOnlyDictionary<PoolId, PowerSchedule>> SchedulesAsync(CancellationToken ct)
    {
        var stored = await StoredAsync(null, ct);
        if (stored.Count == 0) return new Dictionary<PoolId, PowerSchedule>();
        var calendars = (await new CalendarStore(database).AllAsync(PoolScope.Everything, ct)).ToDictionary(c => c.Id, c => c.Calendar);
        return stored.ToDictionary(s => s.Pool, s => s.With(s.Calendar is { } id ? calendars.GetValueOrDefault(id, HolidayCalendar.Empty) : HolidayCalendar.Empty));
    }

    /// <summary>A pool's schedule; null when it has none.</summary>
    public async Task<StoredSchedule?> OneAsync(PoolId pool, CancellationToken ct) => (await StoredAsync(pool, ct)).SingleOrDefault();

    /// <summary>Records a schedule, whole. Answers what stood in the way, or null.</summary>
    public async Task<(RefusalReason Reason, string Field)?> SetAsync(StoredSchedule schedule, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var w = schedule.Windows;
        try
        {
            var changed = await connection.ExecuteAsync("""
                with touched as (       -- the change rings whoever compares pools
                    update pool set size = size where pool_id = @pool and not deleting returning pool_id, name
                ), kept as (
                    insert into power_schedule (pool_id, time_zone, calendar_id, spare, spare_percent, idle, open)
                         select pool_id, @zone, @calendar, @spare, @percent, @idle, @open from touched
                    on conflict (pool_id) do update
                            set time_zone = excluded.time_zone, calendar_id = excluded.calendar_id, spare = excluded.spare,
                                spare_percent = excluded.spare_percent, idle = excluded.idle, open = excluded.open
                      returning pool_id
                ), dropped as (
                    delete from power_window using kept where power_window.pool_id = kept.pool_id
                ), added as (
                    insert into power_window (pool_id, days, from_minute, until_minute, spare, spare_percent, idle, open)
                         select kept.pool_id, v.*
                           from kept, unnest(@days::smallint[], @froms::smallint[], @untils::smallint[], @spares::integer[], @percents::boolean[], @idles::text[], @opens::boolean[]) v
                )
                insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                     select @actor, 'pool.schedule', 'pool', pool_id, name, @source from touched
                """, new
            {
                pool = schedule.Pool.Value, zone = schedule.TimeZone, calendar = schedule.Calendar, spare = schedule.Otherwise.Spare.Value, percent = schedule.Otherwise.Spare.IsPercent,
                idle = SqlText.Of(schedule.Otherwise.Idle), open = schedule.Otherwise.Open,
                days = w.Select(x => (short)x.Days).ToArray(), froms = w.Select(x => (short)x.From).ToArray(), untils = w.Select(x => (short)x.Until).ToArray(),
                spares = w.Select(x => x.Wish.Spare.Value).ToArray(), percents = w.Select(x => x.Wish.Spare.IsPercent).ToArray(), idles = w.Select(x => SqlText.Of(x.Wish.Idle)).ToArray(), opens = w.Select(x => x.Wish.Open).ToArray(),
                actor = by.UserName, source = by.SourceAddress,
            });
            return changed > 0 ? null : (RefusalReason.PoolUnknown, "pool_id");
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation) { return (RefusalReason.NotFound, "calendar_id"); }
    }

    /// <summary>The pool is open from now on and wants what its own settings say; false when it had no schedule.</summary>
    public async Task<bool> RemoveAsync(PoolId pool, Caller by)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync("""
            with gone as (
                delete from power_schedule where pool_id = @pool returning pool_id
            ), opened as (
                update pool p set closed_until = null from gone where p.pool_id = gone.pool_id returning p.pool_id, p.name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                 select @actor, 'pool.schedule_removed', 'pool', pool_id, name, @source from opened
            """, new { pool = pool.Value, actor = by.UserName, source = by.SourceAddress }) > 0;
    }

    /// <summary>Records until when each scheduled pool is closed, where that changed.</summary>
    public async Task CloseAsync(IReadOnlyDictionary<PoolId, PowerSchedule> schedules, CancellationToken ct)
    {
        if (schedules.Count == 0) return;
        await using var connection = await database.OpenConnectionAsync(ct);
        var now = await NowAsync(connection, ct);
        var until = schedules.Select(s => (Pool: s.Key.Value, At: s.Value.ClosedUntil(now))).ToList();
        await connection.ExecuteAsync(new CommandDefinition("""
            update pool p
               set closed_until = v.until
              from unnest(@pools, @until) v (pool_id, until)
             where p.pool_id = v.pool_id and p.closed_until is distinct from v.until
            """, new { pools = until.Select(u => u.Pool).ToArray(), until = until.Select(u => u.At?.UtcDateTime).ToArray() }, cancellationToken: ct));
    }

    /// <summary>
    /// When people asked for a desktop of a pool in the weeks that are looked back; of some of them only, when given. Who waited and got none
    /// counts too, and counts once: asking again within the hour is the same need.
    /// </summary>
    public async Task<ILookup<UserId, DateTimeOffset>> ArrivalsAsync(PoolId pool, IReadOnlyList<UserId>? of, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(Guid User, DateTime At)>(new CommandDefinition("""
            with served as (
                select s.user_id, coalesce(b.started_at, s.started_at) as at
                  from session s
                  left join logon_phase b on b.session_id = s.session_id and b.name = 'brokering'
                 where s.pool_id = @pool and not s.synthetic and s.started_at > now() - @back
                   and (@of::uuid[] is null or s.user_id = any(@of))
            ), unserved as (
                select t.user_id, t.asked_at as at, lag(t.asked_at) over (partition by t.user_id order by t.asked_at) as before
                  from launch_trace t
                 where t.pool_id = @pool and t.session_id is null and t.asked_at > now() - @back
                   and (t.outcome in ('waiting', 'given_up', 'lost') or (t.outcome = 'refused' and t.reason = any(@noMachine)))
                   and (@of::uuid[] is null or t.user_id = any(@of))
            )
            select user_id, at from served
             union all
            select user_id, at from unserved u
             where (before is null or at - before > interval '1 hour')
               and not exists (select from served s where s.user_id = u.user_id and s.at between u.at - interval '1 minute' and u.at + interval '1 hour')
            """, new { pool = pool.Value, back = TimeSpan.FromDays((LearnedArrivals.Weeks * 7) + 1), of = of?.Select(u => u.Value).ToArray(), noMachine = NoMachine }, cancellationToken: ct));
        return rows.ToLookup(r => new UserId(r.User), r => new DateTimeOffset(r.At, TimeSpan.Zero));
    }

    /// <summary>The database's clock, which decides.</summary>
    public async Task<DateTimeOffset> NowAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await NowAsync(connection, ct);
    }

    private static async Task<DateTimeOffset> NowAsync(NpgsqlConnection connection, CancellationToken ct) =>
        new(await connection.ExecuteScalarAsync<DateTime>(new CommandDefinition("select now()", cancellationToken: ct)), TimeSpan.Zero);

    private async Task<List<StoredSchedule>> StoredAsync(PoolId? pool, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var schedules = (await connection.QueryAsync<ScheduleRow>(new CommandDefinition("""
            select pool_id, time_zone, calendar_id, spare, spare_percent, idle, open
              from power_schedule
             where @pool::uuid is null or pool_id = @pool
            """, new { pool = pool?.Value }, cancellationToken: ct))).AsList();
        if (schedules.Count == 0) return [];
        var windows = (await connection.QueryAsync<ScheduleRow>(new CommandDefinition("""
            select pool_id, days, from_minute, until_minute, spare, spare_percent, idle, open
              from power_window
             where @pool::uuid is null or pool_id = @pool
             order by pool_id, days & -days, from_minute
            """, new { pool = pool?.Value }, cancellationToken: ct))).ToLookup(w => w.PoolId);
        return [.. schedules.Select(s => new StoredSchedule(new(s.PoolId), s.TimeZone, s.CalendarId, s.Wish, [.. windows[s.PoolId].Select(w => new PowerWindow((ScheduleDays)w.Days, w.FromMinute, w.UntilMinute, w.Wish))]))];
    }

    private sealed record ScheduleRow
    {
        public Guid PoolId { get; init; }
        public string TimeZone { get; init; } = "";
        public Guid? CalendarId { get; init; }
        public short Days { get; init; }
        public short FromMinute { get; init; }
        public short UntilMinute { get; init; }
        public int? Spare { get; init; }
        public bool SparePercent { get; init; }
        public string Idle { get; init; } = "";
        public bool Open { get; init; }

        public PowerWish Wish => new(Domain.Spare.Of(Spare, SparePercent), SqlText.Parse<IdleAction>(Idle), Open);
    }
}
