namespace Montalegre.Vdi.Domain;

/// <summary>A spare that past arrivals speak for, with what they were.</summary>
/// <param name="Day">A weekday.</param>
/// <param name="From">Minute of the day from which the machines should be ready.</param>
/// <param name="Until">Minute of the day until which.</param>
/// <param name="Spare">How many.</param>
/// <param name="People">Most people that came in the busiest quarter hour on one of those days.</param>
/// <param name="Peak">First minute of that quarter hour.</param>
/// <param name="Days">How many such days were looked at.</param>
public sealed record SpareSuggestion(ScheduleDays Day, int From, int Until, int Spare, int People, int Peak, int Days);

/// <summary>Reads from arrivals what a schedule could keep ready. It suggests; a person decides.</summary>
public static class LearnedArrivals
{
    /// <summary>Weeks that are looked back.</summary>
    public const int Weeks = 6;

    private const int Quarter = 15;
    private const int FewestDays = 3;      // of one day nobody learns
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5), WaitsFor = TimeSpan.FromHours(1);
    private const double High = 0.95;

    /// <summary>At most one suggestion for each weekday: its busiest quarter hour and the busy ones around it.</summary>
    /// <param name="schedule">Tells local time and holidays, which are left out.</param>
    /// <param name="arrivals">When people asked for a desktop.</param>
    /// <param name="now">Today does not count: it is not over.</param>
    public static IReadOnlyList<SpareSuggestion> Suggest(PowerSchedule schedule, IReadOnlyList<DateTimeOffset> arrivals, DateTimeOffset now)
    {
        var today = schedule.Today(now);
        var byDay = arrivals.Select(schedule.Local).GroupBy(DateOnly.FromDateTime).ToDictionary(day => day.Key, day => day.Select(at => ((at.Hour * 60) + at.Minute) / Quarter).ToList());
        var days = Enumerable.Range(1, Weeks * 7).Select(back => today.AddDays(-back)).Where(byDay.ContainsKey).GroupBy(schedule.DayOf).Where(d => d.Key != ScheduleDays.Holiday);
        return [.. days.OrderBy(d => d.Key).Select(d => OfDay(d.Key, [.. d.Select(date => byDay[date])])).OfType<SpareSuggestion>()];
    }

    /// <summary>When a person usually comes first on such a day, as a minute of it; null when that is not known.</summary>
    public static int? FirstArrival(PowerSchedule schedule, IReadOnlyList<DateTimeOffset> arrivals, DateTimeOffset now)
    {
        var day = schedule.DayOf(schedule.Today(now));
        var firsts = arrivals.Select(schedule.Local).Where(at => schedule.DayOf(DateOnly.FromDateTime(at)) == day && DateOnly.FromDateTime(at) < schedule.Today(now))
            .GroupBy(DateOnly.FromDateTime).Select(d => d.Min(at => (at.Hour * 60) + at.Minute)).Order().ToList();
        return firsts.Count < 2 ? null : firsts[0];
    }

    /// <summary>True from when a person's machine must begin to start, so that it is ready for the first arrival, until an hour after that.</summary>
    public static bool IsExpected(this PowerSchedule schedule, IReadOnlyList<DateTimeOffset> arrivals, DateTimeOffset now, TimeSpan start) =>
        FirstArrival(schedule, arrivals, now) is { } minute && schedule.Instant(schedule.Today(now), minute) is var first && now >= first - start - Margin && now < first + WaitsFor;

    private static SpareSuggestion? OfDay(ScheduleDays day, List<List<int>> quarters)
    {
        if (quarters.Count < FewestDays) return null;
        var high = new int[PowerWindow.DayMinutes / Quarter];
        for (var quarter = 0; quarter < high.Length; quarter++) high[quarter] = Percentile([.. quarters.Select(d => d.Count(q => q == quarter))]);
        var peak = Array.IndexOf(high, high.Max());
        if (high[peak] < 2) return null;   // one person is what any spare is for
        var (from, until) = (peak, peak);
        while (from > 0 && high[from - 1] * 2 >= high[peak]) from--;
        while (until < high.Length - 1 && high[until + 1] * 2 >= high[peak]) until++;
        return new(day, Math.Max(0, (from - 1) * Quarter), (until + 1) * Quarter, high[peak], high[peak], peak * Quarter, quarters.Count);
    }

    private static int Percentile(List<int> values)
    {
        values.Sort();
        return values[Math.Min(values.Count - 1, (int)Math.Ceiling(values.Count * High) - 1)];
    }
}
