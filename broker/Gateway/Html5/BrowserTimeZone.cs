using Montalegre.Vdi.Protocol.SignIns;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>A browser names its time zone as IANA does; RDP wants to know when the clocks change there.</summary>
internal static class BrowserTimeZone
{
    /// <summary>The rules that hold this year; null for a name that this computer does not know.</summary>
    public static ClientTimeZone? Of(string iana, DateTimeOffset now)
    {
        if (iana.Length == 0 || !TimeZoneInfo.TryFindSystemTimeZoneById(iana, out var zone)) return null;
        var name = TimeZoneInfo.TryConvertIanaIdToWindowsId(iana, out var windows) ? windows : iana;
        var (first, second) = (Changes(zone, now.Year), Changes(zone, now.Year + 1));
        // What changes otherwise than twice a year cannot be said; the time of today is then right at least today.
        if (first.Count != 2 || second.Count != 2 || first[0].After == first[1].After)
            return new((int)-zone.GetUtcOffset(now).TotalMinutes, name, null, name, null, 0);
        var springs = first[0].After > first[1].After ? 0 : 1;
        var (standard, daylight) = (first[1 - springs].After, first[springs].After);
        return new((int)-standard.TotalMinutes, name, Rule(first[1 - springs], second), name.Replace("Standard", "Daylight", StringComparison.Ordinal), Rule(first[springs], second),
            (int)(standard - daylight).TotalMinutes);
    }

    /// <summary>Every change of the clocks in this year: when, by the clock just before, and what the offset is after it.</summary>
    private static List<(DateTime At, TimeSpan After)> Changes(TimeZoneInfo zone, int year)
    {
        var changes = new List<(DateTime, TimeSpan)>();
        var at = new DateTime(year, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var before = zone.GetUtcOffset(at);
        for (; at.Year == year; at = at.AddMinutes(15))
        {
            var after = zone.GetUtcOffset(at);
            if (after == before) continue;
            changes.Add((at + before, after));
            before = after;
        }
        return changes;
    }

    // The fourth of a month may be its last one too: next year tells.
    private static ClockChange Rule((DateTime At, TimeSpan After) change, List<(DateTime At, TimeSpan After)> nextYear)
    {
        var next = nextYear.First(c => c.After == change.After).At;
        var isLast = IsLast(change.At) && IsLast(next);
        return new(change.At.Month, change.At.DayOfWeek, isLast ? 5 : ((change.At.Day - 1) / 7) + 1, change.At.TimeOfDay);
    }

    private static bool IsLast(DateTime day) => day.Day + 7 > DateTime.DaysInMonth(day.Year, day.Month);
}
