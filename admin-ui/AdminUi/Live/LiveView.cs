using System.Collections.Immutable;

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
    private ImmutableDictionary<string, T> _seen = ImmutableDictionary<string, T>.Empty;

    public Predicate<T> Filter { get; set; } = static _ => true;
    public Comparison<T> Order { get; set; } = static (_, _) => 0;
    public IReadOnlyList<LiveRow<T>> Rows => _rows;

    /// <summary>How many rows would move, appear or vanish if the view were sorted again.</summary>
    public int Pending => _moved.Count;

    /// <summary>Sorts again: the only time that rows change their places.</summary>
    public void Arrange(ImmutableDictionary<string, T> now)
    {
        _seen = now;
        _moved.Clear();
        _rows.Clear();
        _places.Clear();
        var chosen = now.Values.Where(r => Filter(r)).ToArray();
        // The key settles ties, so that equal rows do not change places at every sort.
        Array.Sort(chosen, (a, b) => Order(a, b) is var order and not 0 ? order : string.CompareOrdinal(key(a), key(b)));
        foreach (var row in chosen) Append(row);
    }

    /// <summary>Takes over changed values in place.</summary>
    public void Update(ImmutableDictionary<string, T> now)
    {
        if (ReferenceEquals(now, _seen)) return;
        if (_rows.Count == 0)
        {
            Arrange(now);
            return;
        }
        for (var place = 0; place < _rows.Count; place++)
        {
            var row = _rows[place];
            if (!now.TryGetValue(row.Key, out var value))
            {
                if (!row.Gone) Set(place, row with { Gone = true }, moved: true);
            }
            else if (row.Gone || !ReferenceEquals(value, row.Value))
                Set(place, new(row.Key, value, false), Order(row.Value, value) != 0 || !Filter(value));
        }
        foreach (var (id, value) in now)
        {
            if (_places.ContainsKey(id) || !Filter(value)) continue;
            Append(value);
            _moved.Add(id);
        }
        _seen = now;
    }

    /// <summary>How many rows differ from what the view shows; for a paused view.</summary>
    public int Behind(ImmutableDictionary<string, T> now)
    {
        if (ReferenceEquals(now, _seen)) return 0;
        var changed = now.Count(r => !_seen.TryGetValue(r.Key, out var was) || !ReferenceEquals(was, r.Value));
        return changed + _seen.Keys.Count(id => !now.ContainsKey(id));
    }

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
