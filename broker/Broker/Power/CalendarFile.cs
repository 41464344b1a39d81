using System.Text;
using Ical.Net.CalendarComponents;
using Ical.Net;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>A calendar file that cannot be taken; the message names the line or the component.</summary>
internal sealed class CalendarFileException(string message) : Exception(message);

/// <summary>Reads the whole-day events of an iCalendar file, RFC 5545. Bounds and structure are looked at before the library gets the text.</summary>
internal static class CalendarFile
{
    /// <summary>Largest file that is taken.</summary>
    public const int MostBytes = 1 << 20;

    private const int MostEvents = 5000, LongestLine = 8192, DeepestNesting = 8, MostDaysOfEvent = 31;   // our limits; the RFC names none

    /// <summary>The holidays of the file.</summary>
    /// <exception cref="CalendarFileException">It is none, or holds what a calendar of holidays cannot.</exception>
    public static IReadOnlyList<Holiday> Read(ReadOnlySpan<byte> file)
    {
        if (file.Length > MostBytes) throw new CalendarFileException($"the file has {file.Length} bytes; at most {MostBytes}");
        string text;
        try { text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file).TrimStart('\uFEFF'); }
        catch (DecoderFallbackException e) { throw new CalendarFileException($"byte {e.Index} is not UTF-8; save the calendar as UTF-8"); }
        Look(text);
        Calendar? calendar;
        try { calendar = Calendar.Load(text); }
        catch (Exception e) when (e is FormatException or ArgumentException or System.Runtime.Serialization.SerializationException or InvalidOperationException or OverflowException or NotSupportedException) { throw new CalendarFileException($"VCALENDAR: {e.Message}"); }
        return calendar is null ? [] : [.. calendar.Events.SelectMany((one, n) => Days(one, $"VEVENT {n + 1}{(one.Uid is { Length: > 0 } uid ? $" (UID {uid})" : "")}"))];
    }

    // Lines that are no content lines, and components that do not close, by line: the library says only that something is wrong.
    private static void Look(string text)
    {
        var (line, events, open) = (0, 0, new Stack<(string Name, int Line)>());
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            line++;
            if (raw.Length > LongestLine) throw new CalendarFileException($"line {line}: longer than {LongestLine} characters");
            if (raw.IsWhiteSpace() || raw[0] is ' ' or '\t') continue;   // empty, or folded from the line before
            if (!raw.Contains(':')) throw new CalendarFileException($"line {line}: no ':' in it; this is not iCalendar");
            if (open.Count == 0 && !raw.TrimEnd().Equals("BEGIN:VCALENDAR", StringComparison.OrdinalIgnoreCase)) throw new CalendarFileException($"line {line}: BEGIN:VCALENDAR expected");
            if (raw.StartsWith("BEGIN:", StringComparison.OrdinalIgnoreCase))
            {
                open.Push((raw[6..].Trim().ToString().ToUpperInvariant(), line));
                if (open.Count > DeepestNesting) throw new CalendarFileException($"line {line}: components nested more than {DeepestNesting} deep");
                if (open.Peek().Name == "VEVENT" && ++events > MostEvents) throw new CalendarFileException($"line {line}: more than {MostEvents} events");
            }
            else if (raw.StartsWith("END:", StringComparison.OrdinalIgnoreCase) && open.Pop() is var begun && !raw[4..].Trim().Equals(begun.Name, StringComparison.OrdinalIgnoreCase))
                throw new CalendarFileException($"line {line}: ends {raw[4..].Trim()}, but line {begun.Line} began {begun.Name}");
        }
        if (line == 0 || text.AsSpan().IsWhiteSpace()) throw new CalendarFileException("line 1: the file is empty");
        if (open.Count > 0) throw new CalendarFileException($"line {open.Peek().Line}: {open.Peek().Name} does not end");
    }

    private static IEnumerable<Holiday> Days(CalendarEvent one, string component)
    {
        if (one.Start is null) throw new CalendarFileException($"{component}: DTSTART is missing or cannot be read");
        if (one.Start.HasTime) yield break;      // a meeting is no holiday
        var first = one.Start.Date;
        if (first.Year is < 1900 or > 2999) throw new CalendarFileException($"{component}: DTSTART is in the year {first.Year}; 1900 to 2999");
        var yearly = Yearly(one, component);
        var last = one.End is { } end && end.Date > first ? end.Date.AddDays(-1) : first;
        if (last.DayNumber - first.DayNumber >= MostDaysOfEvent) throw new CalendarFileException($"{component}: longer than {MostDaysOfEvent} days");
        var name = one.Summary?.Trim() ?? "";
        for (var day = first; day <= last; day = day.AddDays(1)) yield return new(name.Length > 200 ? name[..200] : name, day.Month, day.Day, yearly ? null : day.Year);
    }

    private static bool Yearly(CalendarEvent one, string component) => one.RecurrenceRule switch
    {
        null => false,
        { Frequency: FrequencyType.Yearly, Interval: <= 1, Count: null, Until: null, ByDay.Count: 0, ByYearDay.Count: 0, ByWeekNo.Count: 0, BySetPosition.Count: 0 } => true,
        _ => throw new CalendarFileException($"{component}: RRULE is not a plain FREQ=YEARLY; write the days out one by one"),
    };
}
