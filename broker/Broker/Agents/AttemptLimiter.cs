namespace Montalegre.Vdi.Broker.Agents;

/// <summary>What a limiter says about one more wrong attempt.</summary>
internal enum Attempt { Counted, JustTripped, Over }

/// <summary>
/// Counts wrong attempts by source and minute. Memory is bounded: with too many sources at once the counts of all
/// of them start again, which costs an attacker more addresses than it gains guesses.
/// </summary>
internal sealed class AttemptLimiter(Func<int> limit, int mostSources, TimeProvider time)
{
    public AttemptLimiter(int most, int mostSources, TimeProvider time) : this(() => most, mostSources, time) { }

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private long _minute;

    /// <summary>True while the source may not try at all.</summary>
    public bool IsOver(string source)
    {
        lock (_lock)
        {
            TurnPage();
            return _counts.GetValueOrDefault(source) >= limit();
        }
    }

    /// <summary>Counts one wrong attempt; exactly one caller a minute sees <see cref="Attempt.JustTripped"/>.</summary>
    public Attempt Count(string source)
    {
        lock (_lock)
        {
            TurnPage();
            var most = limit();
            var count = _counts.GetValueOrDefault(source) + 1;
            if (count == 1 && _counts.Count >= mostSources) _counts.Clear();
            _counts[source] = Math.Min(count, most + 1);
            return count < most ? Attempt.Counted : count == most ? Attempt.JustTripped : Attempt.Over;
        }
    }

    private void TurnPage()
    {
        var minute = (long)time.GetElapsedTime(0, time.GetTimestamp()).TotalMinutes;
        if (minute == _minute) return;
        _minute = minute;
        _counts.Clear();
    }
}
