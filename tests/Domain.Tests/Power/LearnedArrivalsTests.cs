using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Power;

public sealed class LearnedArrivalsTests
{
    private static readonly PowerSchedule Calendar = new(TimeZoneInfo.FindSystemTimeZoneById("Europe/Lisbon"), [], default, new HolidayCalendar(true, []).IsHoliday);
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);   // a Thursday

    private static IEnumerable<DateTimeOffset> Came(DateOnly date, int minute, int people) => Enumerable.Range(0, people).Select(n => Calendar.Instant(date, minute).AddSeconds(n));

    [Fact]
    public void A_spare_is_suggested_for_the_busiest_quarter_hour_and_what_is_around_it()
    {
        var monday = new DateOnly(2026, 11, 23);
        var arrivals = Enumerable.Range(0, 6).SelectMany(week => Came(monday.AddDays(-7 * week), 480, 5 + week).Concat(Came(monday.AddDays(-7 * week), 500, 6)).Concat(Came(monday.AddDays(-7 * week), 700, 1))).ToList();
        Assert.Equal([new(ScheduleDays.Monday, 465, 510, 10, 10, 480, 6)], LearnedArrivals.Suggest(Calendar, arrivals, Now));
    }

    [Fact]
    public void Holidays_today_and_days_of_which_there_are_few_teach_nothing()
    {
        // Sunday 1 November and Monday 5 October are holidays; only two other Thursdays are known.
        var arrivals = Came(new(2026, 10, 5), 480, 50).Concat(Came(new(2026, 11, 26), 480, 50)).Concat(Came(new(2026, 11, 19), 480, 9)).Concat(Came(new(2026, 11, 12), 480, 9)).ToList();
        Assert.Empty(LearnedArrivals.Suggest(Calendar, arrivals, Now));
    }

    [Fact]
    public void A_suggestion_changes_its_own_day_and_minutes_and_nothing_else()
    {
        var (night, day) = (new PowerWish(Spare.Machines(0), IdleAction.ShutDown, false), new PowerWish(Spare.Machines(3), IdleAction.Keep, true));
        PowerWindow[] windows = [new(ScheduleDays.Weekdays, 480, 1080, day)];
        var suggestion = new SpareSuggestion(ScheduleDays.Monday, 465, 510, 8, 8, 480, 6);
        var made = SuggestedSchedule.With(windows, night, suggestion, 50);
        Assert.Null(PowerWindow.Problem(made));
        Assert.Equal([
            new(ScheduleDays.Weekdays & ~ScheduleDays.Monday, 480, 1080, day), new(ScheduleDays.Monday, 480, 510, day with { Spare = Spare.Machines(8) }),
            new(ScheduleDays.Monday, 510, 1080, day), new(ScheduleDays.Monday, 465, 480, night with { Spare = Spare.Machines(8) })], made);
        Assert.Same(made, SuggestedSchedule.With(made, night, suggestion, 50));     // taken once, it is not suggested again
        Assert.Same(windows, SuggestedSchedule.With(windows, night with { Spare = Spare.Machines(3) }, suggestion, 3));   // the pool has no more
    }

    [Fact]
    public void A_person_is_expected_at_the_earliest_first_arrival_of_such_days()
    {
        var arrivals = Came(new(2026, 11, 19), 530, 1).Concat(Came(new(2026, 11, 19), 700, 1)).Concat(Came(new(2026, 11, 12), 515, 1)).Concat(Came(new(2026, 11, 24), 300, 1)).ToList();
        Assert.Equal(515, LearnedArrivals.FirstArrival(Calendar, arrivals, Now));
        Assert.Null(LearnedArrivals.FirstArrival(Calendar, [.. Came(new(2026, 11, 19), 530, 1)], Now));
    }
}
