namespace Montalegre.Vdi.Domain;

/// <summary>What a pool's schedule asks for, and until when.</summary>
/// <param name="From">Since when it holds.</param>
/// <param name="Wish">What holds.</param>
public readonly record struct ScheduledWish(DateTimeOffset From, PowerWish Wish);

/// <summary>
/// What a pool wants by weekday, holiday and hour of a place. Local times become instants once a day: one that the clock skips
/// is the moment of the change, one that comes twice is its first. So windows that meet by the clock on the wall always meet.
/// </summary>
public sealed class PowerSchedule(TimeZoneInfo zone, IReadOnlyList<PowerWindow> windows, PowerWish otherwise, Func<DateOnly, bool> isHoliday)
{
    private const int DaysAhead = 400;   // a pool that does not open in a year is closed for good

    /// <summary>What holds at that moment.</summary>
    public PowerWish At(DateTimeOffset now)
    {
        var today = Today(now);
        foreach (var window in windows.Where(w => HoldsOn(w, today)))
            if (Instant(today, window.From) <= now && now < Instant(today, window.Until)) return window.Wish;
        return otherwise;
    }

    /// <summary>Every change of the wish after <paramref name="now"/> and not after <paramref name="until"/>, in order.</summary>
    public IEnumerable<ScheduledWish> Changes(DateTimeOffset now, DateTimeOffset until)
    {
        var last = At(now);
        for (var day = Today(now); Instant(day, 0) <= until; day = day.AddDays(1))
        {
            var date = day;
            foreach (var at in windows.Where(w => HoldsOn(w, date)).SelectMany(w => new[] { w.From, w.Until }).Append(0).Distinct().Select(minute => Instant(date, minute)).Distinct().Order())
            {
                if (at <= now || at > until || At(at) is var wish && wish == last) continue;
                last = At(at);
                yield return new(at, last);
            }
        }
    }

    /// <summary>When a pool that is closed opens; null when it is open, the end of time when it never opens.</summary>
    public DateTimeOffset? ClosedUntil(DateTimeOffset now)
    {
        if (At(now).Open) return null;
        foreach (var change in Changes(now, now.AddDays(DaysAhead)))
            if (change.Wish.Open) return change.From;
        return DateTimeOffset.MaxValue;
    }

    /// <summary>
    /// What to have ready now: the wish of now, or a later one with more spare whose machines would else not be ready when it begins.
    /// </summary>
    /// <param name="now">The moment.</param>
    /// <param name="maximum">Machines that the pool may have.</param>
    /// <param name="toStart">How long it takes until that many more machines are ready.</param>
    /// <param name="farthest">How far ahead to look.</param>
    public PowerWish WithRampUp(DateTimeOffset now, int maximum, Func<int, TimeSpan> toStart, TimeSpan farthest)
    {
        var wish = At(now);
        var ready = wish.Spare.Of(maximum);
        foreach (var next in Changes(now, now + farthest))
        {
            var more = next.Wish.Spare.Of(maximum) - ready;
            if (more <= 0 || next.From - now > toStart(more)) continue;
            (wish, ready) = (wish with { Spare = next.Wish.Spare }, next.Wish.Spare.Of(maximum));
        }
        return wish;
    }

    /// <summary>The date that it is in the schedule's place.</summary>
    public DateOnly Today(DateTimeOffset now) => DateOnly.FromDateTime(Local(now));

    /// <summary>Date and time by the clock on the wall of the schedule's place.</summary>
    public DateTime Local(DateTimeOffset now) => TimeZoneInfo.ConvertTime(now, zone).DateTime;

    /// <summary>The day that counts: a holiday, or a weekday.</summary>
    public ScheduleDays DayOf(DateOnly date) => isHoliday(date) ? ScheduleDays.Holiday : OfWeekday(date.DayOfWeek);

    /// <summary>A weekday as windows name it.</summary>
    public static ScheduleDays OfWeekday(DayOfWeek day) => day == DayOfWeek.Sunday ? ScheduleDays.Sunday : (ScheduleDays)(1 << ((int)day - 1));

    /// <summary>The moment at which a minute of a local day begins.</summary>
    public DateTimeOffset Instant(DateOnly date, int minute)
    {
        var local = date.ToDateTime(TimeOnly.MinValue).AddMinutes(minute);
        while (zone.IsInvalidTime(local)) local = local.AddMinutes(1);
        return new(local, zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local));
    }

    private bool HoldsOn(PowerWindow window, DateOnly date) => (window.Days & DayOf(date)) != 0;
}
