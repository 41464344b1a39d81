using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Power;

/// <summary>A piece of a day as the week view draws it.</summary>
internal sealed record DayPiece(uint From, uint Until, PowerWish Wish, bool IsWindow);

/// <summary>A schedule, day by day: the windows of each day with what is between them.</summary>
internal static class WeekView
{
    public const uint DayMinutes = 1440;

    public static IReadOnlyList<ScheduleDay> Days { get; } = [.. Enum.GetValues<ScheduleDay>().Where(d => d != ScheduleDay.Unspecified)];

    /// <summary>The pieces of a day from midnight to midnight, without gaps.</summary>
    public static IReadOnlyList<DayPiece> Of(PowerSchedule schedule, ScheduleDay day)
    {
        var pieces = new List<DayPiece>();
        var at = 0u;
        foreach (var window in schedule.Windows.Where(w => w.Days.Contains(day)).OrderBy(w => w.FromMinute))
        {
            if (window.FromMinute > at) pieces.Add(new(at, window.FromMinute, schedule.Otherwise, false));
            pieces.Add(new(window.FromMinute, window.UntilMinute, window.Wish, true));
            at = window.UntilMinute;
        }
        if (at < DayMinutes) pieces.Add(new(at, DayMinutes, schedule.Otherwise, false));
        return pieces;
    }
}
