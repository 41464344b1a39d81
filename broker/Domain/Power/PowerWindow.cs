namespace Montalegre.Vdi.Domain;

/// <summary>Days that a window holds on. A holiday is that alone, whatever its weekday.</summary>
[Flags]
public enum ScheduleDays
{
    /// <summary>On no day.</summary>
    None = 0,
    Monday = 1, Tuesday = 2, Wednesday = 4, Thursday = 8, Friday = 16, Saturday = 32, Sunday = 64, Holiday = 128,

    /// <summary>Monday to Friday, unless it is a holiday.</summary>
    Weekdays = Monday | Tuesday | Wednesday | Thursday | Friday,

    /// <summary>Every day, holidays too.</summary>
    All = Weekdays | Saturday | Sunday | Holiday,
}

/// <summary>What becomes of a machine that nobody is on and that is more than the spare.</summary>
public enum IdleAction
{
    /// <summary>It runs on.</summary>
    Keep,

    /// <summary>It is shut down and keeps its disk; it is started again when it is wanted.</summary>
    ShutDown,

    /// <summary>It goes, but for a person's own machine, which runs on: what a pool without a schedule does.</summary>
    Remove,

    /// <summary>Its memory is saved and it takes no processor; waking takes up where it stopped. What cannot be saved is shut down.</summary>
    Suspend,
}

/// <summary>What a pool's schedule asks for at one moment.</summary>
/// <param name="Spare">Machines kept ready beyond those that people have.</param>
/// <param name="Idle">What becomes of the others.</param>
/// <param name="Open">False when nobody may begin a session; who has one open gets back to it.</param>
public readonly record struct PowerWish(Spare Spare, IdleAction Idle, bool Open);

/// <summary>A part of some days, in the schedule's local time.</summary>
/// <param name="Days">On which days.</param>
/// <param name="From">First minute of the day, 0 to 1439.</param>
/// <param name="Until">The minute after its last, 1 to 1440.</param>
/// <param name="Wish">What holds then.</param>
public sealed record PowerWindow(ScheduleDays Days, int From, int Until, PowerWish Wish)
{
    /// <summary>Minutes of a day by the clock on the wall.</summary>
    public const int DayMinutes = 1440;

    /// <summary>What is wrong with these windows, by number, or null. Two may not hold at once.</summary>
    public static string? Problem(IReadOnlyList<PowerWindow> windows)
    {
        for (var n = 0; n < windows.Count; n++)
        {
            var window = windows[n];
            if ((window.Days & ScheduleDays.All) == ScheduleDays.None) return $"windows[{n}].days: at least one day";
            if (window.From is < 0 or >= DayMinutes || window.Until > DayMinutes || window.Until <= window.From) return $"windows[{n}]: from 00:00 to 23:59, until later than that and at most 24:00";
            for (var earlier = 0; earlier < n; earlier++)
            {
                var other = windows[earlier];
                if ((other.Days & window.Days) != 0 && other.From < window.Until && window.From < other.Until) return $"windows[{n}]: on some day at the same time as windows[{earlier}]";
            }
        }
        return null;
    }
}
