using System.Globalization;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Power;

public sealed class PowerScheduleTests
{
    private static readonly TimeZoneInfo Lisbon = TimeZoneInfo.FindSystemTimeZoneById("Europe/Lisbon");
    private static readonly PowerWish Night = new(Spare.Machines(0), IdleAction.ShutDown, false);

    private static PowerWish Day(int spare) => new(Spare.Machines(spare), IdleAction.Keep, true);

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static PowerSchedule Of(params PowerWindow[] windows) => new(Lisbon, windows, Night, new HolidayCalendar(true, [new("Feriado municipal", 6, 9, null)]).IsHoliday);

    private static readonly PowerSchedule Office = Of(new(ScheduleDays.Weekdays, 8 * 60, 18 * 60, Day(5)), new(ScheduleDays.Holiday, 10 * 60, 12 * 60, Day(1)));

    [Theory]
    [InlineData("2026-11-23T07:59:59Z", 0)]   // Monday, winter time
    [InlineData("2026-11-23T08:00:00Z", 5)]
    [InlineData("2026-11-23T17:59:59Z", 5)]
    [InlineData("2026-11-23T18:00:00Z", 0)]
    [InlineData("2026-07-06T06:59:59Z", 0)]   // Monday, summer time
    [InlineData("2026-07-06T07:00:00Z", 5)]
    [InlineData("2026-11-22T10:00:00Z", 0)]   // Sunday
    [InlineData("2026-12-01T10:30:00Z", 1)]   // national holiday, a Tuesday
    [InlineData("2026-12-01T14:00:00Z", 0)]
    [InlineData("2026-06-09T09:30:00Z", 1)]   // municipal holiday
    public void The_window_of_the_weekday_or_of_the_holiday_holds(string at, int spare) => Assert.Equal(spare, Office.At(Utc(at)).Spare.Of(100));

    [Fact]
    public void A_time_that_the_clock_skips_is_the_moment_of_the_change()
    {
        // 29 March 2026, a Sunday: 01:00 becomes 02:00.
        var schedule = Of(new(ScheduleDays.Sunday, 0, 90, Day(1)), new(ScheduleDays.Sunday, 90, 180, Day(2)));
        Assert.Equal(1, schedule.At(Utc("2026-03-29T00:59:59Z")).Spare.Of(100));
        Assert.Equal(2, schedule.At(Utc("2026-03-29T01:00:00Z")).Spare.Of(100));
        Assert.Equal(2, schedule.At(Utc("2026-03-29T01:59:59Z")).Spare.Of(100));
        Assert.Equal(0, schedule.At(Utc("2026-03-29T02:00:00Z")).Spare.Of(100));
    }

    [Fact]
    public void A_time_that_comes_twice_is_its_first()
    {
        // 25 October 2026, a Sunday: 02:00 becomes 01:00.
        var schedule = Of(new(ScheduleDays.Sunday, 0, 90, Day(1)), new(ScheduleDays.Sunday, 90, 180, Day(2)));
        Assert.Equal(1, schedule.At(Utc("2026-10-25T00:29:59Z")).Spare.Of(100));
        Assert.Equal(2, schedule.At(Utc("2026-10-25T00:30:00Z")).Spare.Of(100));
        Assert.Equal(2, schedule.At(Utc("2026-10-25T01:10:00Z")).Spare.Of(100));   // 01:10 again
        Assert.Equal(0, schedule.At(Utc("2026-10-25T03:00:00Z")).Spare.Of(100));
    }

    [Fact]
    public void What_the_changes_say_is_what_holds_at_every_minute_of_a_year()
    {
        var schedule = Of(new(ScheduleDays.Weekdays, 30, 90, Day(3)), new(ScheduleDays.Weekdays | ScheduleDays.Sunday, 90, 1440, Day(5)), new(ScheduleDays.Holiday | ScheduleDays.Saturday, 0, 75, Day(1)));
        var (at, end) = (Utc("2026-01-01T00:00:00Z"), Utc("2027-01-01T00:00:00Z"));
        var wish = schedule.At(at);
        var changes = new Queue<ScheduledWish>(schedule.Changes(at, end));
        for (; at < end; at = at.AddMinutes(15))
        {
            while (changes.TryPeek(out var next) && next.From <= at) wish = changes.Dequeue().Wish;
            Assert.True(wish == schedule.At(at), $"{at:O}");
        }
    }

    [Fact]
    public void A_closed_pool_says_when_it_opens()
    {
        Assert.Null(Office.ClosedUntil(Utc("2026-11-23T09:00:00Z")));
        Assert.Equal(Utc("2026-11-23T08:00:00Z"), Office.ClosedUntil(Utc("2026-11-20T18:00:00Z")));    // over the weekend
        Assert.Equal(Utc("2026-12-01T10:00:00Z"), Office.ClosedUntil(Utc("2026-11-30T20:00:00Z")));    // the holiday's own hours
        Assert.Equal(DateTimeOffset.MaxValue, Of().ClosedUntil(Utc("2026-11-23T09:00:00Z")));
    }

    [Fact]
    public void It_prepares_as_long_before_a_window_as_its_machines_take()
    {
        TimeSpan ToStart(int machines) => TimeSpan.FromMinutes(2 * machines);
        int Ready(string at) => Office.WithRampUp(Utc(at), 100, ToStart, TimeSpan.FromHours(4)).Spare.Of(100);
        Assert.Equal(0, Ready("2026-11-23T07:49:59Z"));
        Assert.Equal(5, Ready("2026-11-23T07:50:00Z"));
        Assert.Equal(5, Ready("2026-11-23T08:00:00Z"));
        Assert.Equal(0, Ready("2026-11-23T18:00:00Z"));
        Assert.False(Office.WithRampUp(Utc("2026-11-23T07:55:00Z"), 100, ToStart, TimeSpan.FromHours(4)).Open);
    }

    [Theory]
    [InlineData(1818, "1818-03-22")]   // earliest possible
    [InlineData(1943, "1943-04-25")]   // latest possible
    [InlineData(2024, "2024-03-31")]
    [InlineData(2025, "2025-04-20")]
    [InlineData(2026, "2026-04-05")]
    [InlineData(2027, "2027-03-28")]
    public void Easter_is_where_the_church_has_it(int year, string date) => Assert.Equal(DateOnly.Parse(date, CultureInfo.InvariantCulture), PortugueseHolidays.Easter(year));

    [Fact]
    public void Portugal_has_its_thirteen_national_holidays() =>
        Assert.Equal(["01-01", "04-03", "04-05", "04-25", "05-01", "06-04", "06-10", "08-15", "10-05", "11-01", "12-01", "12-08", "12-25"], PortugueseHolidays.In(2026).Select(h => h.Date.ToString("MM-dd", CultureInfo.InvariantCulture)));

    [Fact]
    public void Windows_that_hold_at_once_are_named()
    {
        Assert.Null(PowerWindow.Problem([new(ScheduleDays.Weekdays, 0, 60, Night), new(ScheduleDays.Weekdays, 60, 1440, Night), new(ScheduleDays.Holiday, 0, 1440, Night)]));
        Assert.StartsWith("windows[1]", PowerWindow.Problem([new(ScheduleDays.Weekdays, 0, 61, Night), new(ScheduleDays.Friday, 60, 120, Night)]), StringComparison.Ordinal);
        Assert.StartsWith("windows[0]", PowerWindow.Problem([new(ScheduleDays.None, 0, 61, Night)]), StringComparison.Ordinal);
        Assert.StartsWith("windows[0]", PowerWindow.Problem([new(ScheduleDays.Friday, 60, 60, Night)]), StringComparison.Ordinal);
    }
}
