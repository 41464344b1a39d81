namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>One row as a reader sees it; <paramref name="Gone"/>: it left the list, and stays until the reader sorts again.</summary>
public sealed record LiveRow<T>(string Key, T Value, bool Gone);

/// <summary>
/// One reader's sorted and filtered view of a live list. Values change where they stand; nothing moves or vanishes
/// under the reader: what ought to is counted, until the reader asks for the order again.
/// </summary>
public sealed class LiveView<T>(Func<T, string> key)
{
    private readonly List<LiveRow<T>> _rows = [];
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly HashSet<string> _moved = new(StringComparer.Ordinal);
    private LivePicture<T> _seen = LivePicture<T>.Empty;
    private LivePicture<T> _sortedAt = LivePicture<T>.Empty;
    private T[]? _sorted;   // all rows, whatever the filter: a letter more in it sorts nothing

    public Predicate<T> Filter { get; set; } = static _ => true;

    public Comparison<T> Order
    {
        get;
        set => (field, _sorted) = (value, null);
    } = static (_, _) => 0;

    public IReadOnlyList<LiveRow<T>> Rows => _rows;

    /// <summary>How many rows would move, appear or vanish if the view were sorted again.</summary>
    public int Pending => _moved.Count;

    /// <summary>Sorts again: the only time that rows change their places.</summary>
    public void Arrange(LivePicture<T> now)
    {
        _seen = now;
        _moved.Clear();
        _rows.Clear();
        _places.Clear();
        foreach (var row in Sorted(now))
            if (Filter(row)) Append(row);
    }

    /// <summary>Takes over changed values in place.</summary>
    public void Update(LivePicture<T> now)
    {
        if (ReferenceEquals(now, _seen)) return;
        if (_rows.Count == 0)
        {
            Arrange(now);
            return;
        }
        foreach (var id in now.ChangedSince(_seen))
        {
            var there = now.Rows.TryGetValue(id, out var value);
            if (!_places.TryGetValue(id, out var place))
            {
                if (!there || !Filter(value!)) continue;
                Append(value!);
                _moved.Add(id);
            }
            else if (_rows[place] is var row && !there)
            {
                if (!row.Gone) Set(place, row with { Gone = true }, moved: true);
            }
            else if (row.Gone || !ReferenceEquals(value, row.Value))
                Set(place, new(id, value!, false), Order(row.Value, value!) != 0 || !Filter(value!));
        }
        _seen = now;
    }

    /// <summary>How many rows differ from what the view shows; for a paused view.</summary>
    public int Behind(LivePicture<T> now) => now.ChangedSince(_seen).Count(id =>
        now.Rows.TryGetValue(id, out var value) != _seen.Rows.TryGetValue(id, out var was) || !ReferenceEquals(value, was));

    // Sorting ten thousand names by the rules of a language takes longer than anybody wants to wait: only what changed is sorted.
    private T[] Sorted(LivePicture<T> now)
    {
        var changed = _sorted is null ? null : now.ChangedSince(_sortedAt);
        _sortedAt = now;
        if (changed is null || changed.Count > now.Rows.Count / 4)
        {
            _sorted = [.. now.Rows.Values];
            Array.Sort(_sorted, Compare);
        }
        else if (changed.Count > 0)
        {
            var touched = changed.ToHashSet(StringComparer.Ordinal);
            T[] moved = [.. touched.Where(now.Rows.ContainsKey).Select(id => now.Rows[id])];
            Array.Sort(moved, Compare);
            _sorted = [.. Merged([.. _sorted!.Where(row => !touched.Contains(key(row)))], moved)];
        }
        return _sorted!;
    }

    private IEnumerable<T> Merged(T[] first, T[] second)
    {
        var (i, j) = (0, 0);
        while (i < first.Length || j < second.Length)
            yield return j == second.Length || (i < first.Length && Compare(first[i], second[j]) <= 0) ? first[i++] : second[j++];
    }

    // The key settles ties, so that equal rows do not change places at every sort.
    private int Compare(T a, T b) => Order(a, b) is var order and not 0 ? order : string.CompareOrdinal(key(a), key(b));

    private void Append(T value)
    {
        _places[key(value)] = _rows.Count;
        _rows.Add(new(key(value), value, false));
    }

    private void Set(int place, LiveRow<T> row, bool moved)
    {
        _rows[place] = row;
        if (moved) _moved.Add(row.Key);
    }
}
