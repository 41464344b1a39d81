using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.SignIns;

/// <summary>A day of the year on which the clocks change.</summary>
/// <param name="Occurrence">Which of that week day in the month, 1 to 4; 5 is the last.</param>
/// <param name="At">What the clocks show just before.</param>
public readonly record struct ClockChange(int Month, DayOfWeek Day, int Occurrence, TimeSpan At);

/// <summary>
/// The time where the person is: TS_TIME_ZONE_INFORMATION, MS-RDPBCGR 2.2.1.11.1.1.1.1. Both changes or neither.
/// </summary>
/// <param name="Bias">Minutes from the standard local time to UTC: -60 in Berlin.</param>
/// <param name="DaylightBias">Minutes that are added to the bias while daylight saving holds, usually -60.</param>
public sealed record ClientTimeZone(int Bias, string StandardName, ClockChange? ToStandard, string DaylightName, ClockChange? ToDaylight, int DaylightBias)
{
    public const int Length = 172;
    private const int NameLength = 64;

    public void Write(ref WireWriter w)
    {
        w.WriteUInt32((uint)Bias);
        WriteName(ref w, StandardName);
        WriteChange(ref w, ToStandard);
        w.WriteUInt32(0);                   // standardBias
        WriteName(ref w, DaylightName);
        WriteChange(ref w, ToDaylight);
        w.WriteUInt32((uint)DaylightBias);
    }

    private static void WriteName(ref WireWriter w, string name)
    {
        var field = w.Take(NameLength);
        field.Clear();
        Encoding.Unicode.GetBytes(name.AsSpan(0, Math.Min(name.Length, (NameLength / 2) - 1)), field);
    }

    // TS_SYSTEMTIME, 2.2.1.11.1.1.1.1.1: without a year, the day is an occurrence.
    private static void WriteChange(ref WireWriter w, ClockChange? change)
    {
        var (month, day, occurrence, at) = change ?? default;
        foreach (var value in new[] { 0, month, (int)day, occurrence, at.Hours, at.Minutes, at.Seconds, at.Milliseconds }) w.WriteUInt16((ushort)value);
    }
}
