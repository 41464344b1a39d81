namespace Montalegre.Vdi.Domain;

/// <summary>One start of a machine on a host: from power-on to its agent's report, or to the deadline without one.</summary>
/// <param name="From">Power-on, database time.</param>
/// <param name="To">Report, or deadline.</param>
/// <param name="Reported">False when the agent never came.</param>
public readonly record struct MeasuredStart(DateTimeOffset From, DateTimeOffset To, bool Reported);

/// <summary>Between what a host's pace may move.</summary>
/// <param name="First">Starts at once before anything was measured.</param>
/// <param name="Most">Never more than that.</param>
public readonly record struct PaceBounds(int First, int Most);

/// <summary>
/// How many machines a host should start at once, from how its last ones went: as many as still bring more ready machines
/// a minute. Little's law: machines under way divided by the time that each takes.
/// </summary>
public static class StartPace
{
    /// <summary>Starts that are looked at; older ones say nothing of the host as it is.</summary>
    public const int MostLookedAt = 64;

    /// <summary>A number of starts at once counts as tried from this many measured ones on.</summary>
    public const int Tried = 3;

    // More at once for less than a tenth more ready machines only makes everybody wait longer for the first.
    private const double WorthMore = 0.9;

    /// <summary>Machines to start at once on a host with these starts behind it.</summary>
    /// <param name="recent">Its last starts, in any order.</param>
    /// <param name="bounds">Where to begin and where to end.</param>
    /// <param name="cpuPressure">As <see cref="HostOffer.CpuPressure"/>.</param>
    public static int AtOnce(IReadOnlyList<MeasuredStart> recent, PaceBounds bounds, double? cpuPressure)
    {
        if (recent.Count < Tried) return Math.Min(bounds.First, bounds.Most);
        // Starts at whose side agents stayed away: the host was overrun, whatever the others took.
        if (recent.Count(s => !s.Reported) * 4 > recent.Count) return Math.Max(1, (int)Math.Round(recent.Average(s => Beside(s, recent))) / 2);
        var rates = recent.Where(s => s.Reported && s.To > s.From)
            .Select(s => (Beside: Beside(s, recent), s))
            .GroupBy(s => Math.Max(1, (int)Math.Round(s.Beside)), s => s.Beside / (s.s.To - s.s.From).TotalSeconds)
            .Where(g => g.Count() >= Tried).Select(g => (AtOnce: g.Key, Rate: Median([.. g]))).OrderBy(g => g.AtOnce).ToList();
        if (rates.Count == 0) return Math.Min(bounds.First, bounds.Most);
        var enough = rates.Max(r => r.Rate) * WorthMore;
        var best = rates.First(r => r.Rate >= enough);
        return Math.Clamp(Next(best.AtOnce, rates[0].AtOnce, rates[^1].AtOnce, bounds.Most, cpuPressure > HostPlacement.BusyCpuPressure), 1, bounds.Most);
    }

    // What was best is also the most that was tried: more may be better still. What is best though more were tried, and
    // nothing less was: less may do as well, and everybody waits less for the first.
    private static int Next(int best, int least, int most, int bound, bool busy) => true switch
    {
        _ when best == most && best < bound => busy ? best : best + Math.Max(1, best / 2),
        _ when best == least => best * 2 / 3,
        _ => best,
    };

    // Starts under way at the same time on average, itself included: a burst's first sees the others come.
    private static double Beside(MeasuredStart start, IReadOnlyList<MeasuredStart> all)
    {
        var whole = (start.To - start.From).TotalSeconds;
        if (whole <= 0) return 1;
        var together = 0.0;
        foreach (var other in all)
        {
            var from = other.From > start.From ? other.From : start.From;
            var to = other.To < start.To ? other.To : start.To;
            if (to > from) together += (to - from).TotalSeconds;
        }
        return together / whole;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
