namespace Montalegre.Vdi.Domain;

/// <summary>What a schedule's windows would be with a suggestion in them.</summary>
public static class SuggestedSchedule
{
    /// <summary>
    /// The windows with at least the suggested spare on that day and in those minutes; all else stays, other days too.
    /// The same windows when nothing would change.
    /// </summary>
    /// <param name="windows">As they are, none holding at the same time as another.</param>
    /// <param name="otherwise">What holds outside of them.</param>
    /// <param name="suggestion">What to keep ready, and when.</param>
    /// <param name="maximum">Machines that the pool may have.</param>
    public static IReadOnlyList<PowerWindow> With(IReadOnlyList<PowerWindow> windows, PowerWish otherwise, SpareSuggestion suggestion, int maximum)
    {
        var spare = Math.Min(suggestion.Spare, maximum);
        var (day, from, until) = (suggestion.Day, suggestion.From, suggestion.Until);
        var made = new List<PowerWindow>();
        var changed = false;
        foreach (var window in windows)
        {
            if ((window.Days & day) == 0 || window.Until <= from || until <= window.From || window.Wish.Spare.Of(maximum) >= spare)
            {
                made.Add(window);
                continue;
            }
            changed = true;
            if ((window.Days & ~day) != 0) made.Add(window with { Days = window.Days & ~day });
            if (window.From < from) made.Add(new(day, window.From, from, window.Wish));
            made.Add(new(day, Math.Max(from, window.From), Math.Min(until, window.Until), window.Wish with { Spare = Spare.Machines(spare) }));
            if (until < window.Until) made.Add(new(day, until, window.Until, window.Wish));
        }
        if (otherwise.Spare.Of(maximum) >= spare) return changed ? made : windows;
        var at = from;
        foreach (var taken in windows.Where(w => (w.Days & day) != 0 && w.Until > from && w.From < until).OrderBy(w => w.From))
        {
            if (taken.From > at) Fill(taken.From);
            at = taken.Until;
        }
        if (at < until) Fill(until);
        return changed ? made : windows;

        void Fill(int end)
        {
            made.Add(new(day, at, end, otherwise with { Spare = Spare.Machines(spare) }));
            changed = true;
        }
    }
}
