using System.Text;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Power;

public sealed class CalendarFileTests
{
    private static string File(params string[] lines) => string.Join("\r\n", ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//PT", .. lines, "END:VCALENDAR", ""]);

    private static string[] Event(params string[] lines) => ["BEGIN:VEVENT", "UID:u1", "DTSTAMP:20260101T000000Z", .. lines, "END:VEVENT"];

    private static IReadOnlyList<Holiday> Read(string text) => CalendarFile.Read(Encoding.UTF8.GetBytes(text));

    [Fact]
    public void Whole_days_become_holidays_once_or_every_year_and_meetings_do_not()
    {
        var read = Read(File([
            .. Event("DTSTART;VALUE=DATE:20260609", "SUMMARY:Feriado municipal", "RRULE:FREQ=YEARLY"),
            .. Event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261226", "SUMMARY:Tolerância de ", " ponto"),
            .. Event("DTSTART:20260610T090000Z", "DTEND:20260610T100000Z", "SUMMARY:Reunião")]));
        Assert.Equal([new("Feriado municipal", 6, 9, null), new("Tolerância de ponto", 12, 24, 2026), new("Tolerância de ponto", 12, 25, 2026)], read);
    }

    [Theory]
    [InlineData("hello", "line 1")]
    [InlineData("", "line 1")]
    [InlineData("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR", "line 3")]
    [InlineData("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nwhat is this\r\nEND:VCALENDAR", "line 3")]
    [InlineData("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VEVENT", "line 1: VCALENDAR does not end")]
    [InlineData("END:VCALENDAR", "line 1")]
    public void What_is_no_calendar_is_named_by_line(string text, string says) =>
        Assert.StartsWith(says, Assert.Throws<CalendarFileException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("DTSTART;VALUE=DATE:20260609", "RRULE:FREQ=WEEKLY")]
    [InlineData("DTSTART;VALUE=DATE:20260609", "DTEND;VALUE=DATE:20270609")]
    [InlineData("DTSTART;VALUE=DATE:10000609", "SUMMARY:old")]
    [InlineData("SUMMARY:no start", "DESCRIPTION:x")]
    public void What_a_calendar_of_holidays_cannot_hold_is_named_by_component(string first, string second) =>
        Assert.StartsWith("VEVENT 1 (UID u1)", Assert.Throws<CalendarFileException>(() => Read(File(Event(first, second)))).Message, StringComparison.Ordinal);

    [Fact]
    public void Too_much_is_refused_before_it_is_read()
    {
        Assert.Contains("bytes", Assert.Throws<CalendarFileException>(() => CalendarFile.Read(new byte[CalendarFile.MostBytes + 1])).Message, StringComparison.Ordinal);
        Assert.Contains("line 4", Assert.Throws<CalendarFileException>(() => Read(File("SUMMARY:" + new string('x', 9000)))).Message, StringComparison.Ordinal);
        Assert.Contains("UTF-8", Assert.Throws<CalendarFileException>(() => CalendarFile.Read([0xff, 0xfe, 0x41])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_damage_to_a_file_is_anything_but_a_refusal_or_a_reading()
    {
        var good = Encoding.UTF8.GetBytes(File([.. Event("DTSTART;VALUE=DATE:20260609", "DTEND;VALUE=DATE:20260610", "SUMMARY:x", "RRULE:FREQ=YEARLY")]));
        var random = new Random(20261127);
        for (var run = 0; run < 1000; run++)
        {
            var bad = good.ToArray();
            for (var n = 0; n < 3; n++) bad[random.Next(bad.Length)] = (byte)random.Next(128);
            try { CalendarFile.Read(bad.AsSpan(0, random.Next(bad.Length + 1))); }
            catch (CalendarFileException e) { Assert.NotEmpty(e.Message); }
        }
    }
}
