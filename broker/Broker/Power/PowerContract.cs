using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>Schedules and calendars as the public contract says them. Bad input is refused by field.</summary>
internal static class PowerContract
{
    private const string Home = "Europe/Lisbon";
    private const int MostWindows = 200, MostHolidays = 5000, MostSpare = 5000;

    public static Contract.PowerSchedule From(StoredSchedule schedule) => From(schedule, schedule.Windows);

    public static Contract.PowerSchedule From(StoredSchedule schedule, IReadOnlyList<PowerWindow> windows) => new()
    {
        TimeZone = schedule.TimeZone, CalendarId = schedule.Calendar?.ToString() ?? "", Otherwise = From(schedule.Otherwise),
        Windows = { windows.Select(w => new Contract.PowerWindow { Days = { DaysOf(w.Days) }, FromMinute = (uint)w.From, UntilMinute = (uint)w.Until, Wish = From(w.Wish) }) },
    };

    public static Contract.SpareSuggestion From(SpareSuggestion s, Contract.PowerSchedule proposed) => new()
    {
        Day = DaysOf(s.Day).Single(), FromMinute = (uint)s.From, UntilMinute = (uint)s.Until, Spare = (uint)s.Spare, People = (uint)s.People, PeakMinute = (uint)s.Peak, Days = (uint)s.Days, Proposed = proposed,
    };

    public static Contract.Calendar From(StoredCalendar calendar) => new()
    {
        CalendarId = calendar.Id.ToString(), Name = calendar.Name, National = calendar.Calendar.National,
        UsedBy = { calendar.UsedBy.Select(u => new Contract.CalendarUse { PoolId = u.Pool.Value.ToString(), PoolName = u.Name }) },
        Holidays = { calendar.Calendar.Own.Select(h => new Contract.Holiday { Name = h.Name, Month = (uint)h.Month, Day = (uint)h.Day, Year = (uint)(h.Year ?? 0) }) },
    };

    public static Timestamp? Opening(DateTimeOffset? until) => until is { } at && at < DateTimeOffset.MaxValue ? Timestamp.FromDateTimeOffset(at) : null;

    public static StoredSchedule Read(PoolId pool, Contract.PowerSchedule? schedule)
    {
        if (schedule is null) throw Invalid("schedule: missing");
        var zone = schedule.TimeZone is "" ? Home : schedule.TimeZone;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)) throw Invalid($"time_zone: {zone} is not known here; for example {Home}");
        if (schedule.Windows.Count > MostWindows) throw Invalid($"windows: at most {MostWindows}");
        var windows = schedule.Windows.Select((w, n) => new PowerWindow(
            w.Days.Aggregate(ScheduleDays.None, (days, day) => days | (day is >= Contract.ScheduleDay.Monday and <= Contract.ScheduleDay.Holiday ? (ScheduleDays)(1 << ((int)day - 1)) : throw Invalid($"windows[{n}].days: MONDAY to SUNDAY and HOLIDAY"))),
            (int)Math.Min(w.FromMinute, PowerWindow.DayMinutes + 1), (int)Math.Min(w.UntilMinute, PowerWindow.DayMinutes + 1), Read(w.Wish, $"windows[{n}].wish"))).ToList();
        if (PowerWindow.Problem(windows) is { } problem) throw Invalid(problem);
        return new(pool, zone, Ids.ParseOrNone(schedule.CalendarId, "calendar_id"), Read(schedule.Otherwise, "otherwise"), windows);
    }

    public static StoredCalendar Read(Contract.Calendar calendar, Guid id)
    {
        if (calendar.Name.Trim().Length is < 1 or > 80) throw Invalid("name: 1 to 80 characters");
        if (calendar.Holidays.Count > MostHolidays) throw Invalid($"holidays: at most {MostHolidays}");
        return new(id, calendar.Name.Trim(), new(calendar.National, [.. calendar.Holidays.Select((h, n) => Read(h, $"holidays[{n}]"))]), []);
    }

    private static Holiday Read(Contract.Holiday holiday, string field)
    {
        if (holiday.Name.Length > 200) throw Invalid($"{field}.name: at most 200 characters");
        if (holiday.Year is not 0 and (< 1900 or > 2999)) throw Invalid($"{field}.year: 1900 to 2999, or none for every year");
        var year = holiday.Year == 0 ? 2000 : (int)holiday.Year;      // 2000 had a 29 February
        if (holiday.Month is < 1 or > 12 || holiday.Day < 1 || holiday.Day > DateTime.DaysInMonth(year, (int)holiday.Month)) throw Invalid($"{field}: there is no day {holiday.Day} of month {holiday.Month}");
        return new(holiday.Name, (int)holiday.Month, (int)holiday.Day, holiday.Year == 0 ? null : (int)holiday.Year);
    }

    private static PowerWish Read(Contract.PowerWish? wish, string field) => wish is null ? throw Invalid($"{field}: missing") : new(
        wish.Spare?.WantedCase switch
        {
            Contract.Spare.WantedOneofCase.Machines when wish.Spare.Machines <= MostSpare => Spare.Machines((int)wish.Spare.Machines),
            Contract.Spare.WantedOneofCase.Percent when wish.Spare.Percent <= 100 => Spare.Percent((int)wish.Spare.Percent),
            Contract.Spare.WantedOneofCase.Machines or Contract.Spare.WantedOneofCase.Percent => throw Invalid($"{field}.spare: at most {MostSpare} machines, or 0 to 100 percent"),
            _ => Spare.Everything,
        },
        wish.Idle switch { Contract.IdleAction.ShutDown => IdleAction.ShutDown, Contract.IdleAction.Remove => IdleAction.Remove, Contract.IdleAction.Suspend => IdleAction.Suspend, _ => IdleAction.Keep }, wish.Open);

    private static Contract.PowerWish From(PowerWish wish) => new()
    {
        Spare = wish.Spare switch { { IsEverything: true } => new() { Everything = true }, { IsPercent: true, Value: { } share } => new() { Percent = (uint)share }, var count => new() { Machines = (uint)count.Value!.Value } },
        Idle = wish.Idle switch { IdleAction.ShutDown => Contract.IdleAction.ShutDown, IdleAction.Remove => Contract.IdleAction.Remove, IdleAction.Suspend => Contract.IdleAction.Suspend, _ => Contract.IdleAction.Keep }, Open = wish.Open,
    };

    private static IEnumerable<Contract.ScheduleDay> DaysOf(ScheduleDays days) =>
        Enumerable.Range(0, 8).Where(n => ((int)days & (1 << n)) != 0).Select(n => (Contract.ScheduleDay)(n + 1));

    private static Grpc.Core.RpcException Invalid(string detail) => Refusal.Refused(RefusalReason.InvalidField, detail);
}
