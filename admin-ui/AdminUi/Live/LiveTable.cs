using System.Collections.Immutable;

namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>Whether the broker tells us changes right now, and since when the data stand still if not.</summary>
public enum LineState { Opening, Live, Lost, SignedOut }

public sealed record Line(LineState State, DateTimeOffset LastHeard);

/// <summary>What a page needs to know of any live list: that it changed, and the state of its line.</summary>
public abstract class LiveTable
{
    private protected LiveTable() { }

    public abstract Line Line { get; }
    public abstract long Version { get; }

    /// <summary>The moment up to which this list is known to be right: now while the line is live.</summary>
    public DateTimeOffset LastHeard => Line is { State: not LineState.Live } line ? line.LastHeard : DateTimeOffset.MaxValue;

    /// <summary>The broker has told this list at least once: empty now means empty.</summary>
    public bool Heard => Line.State == LineState.Live || Line.LastHeard != DateTimeOffset.MinValue;

    public event Action Changed = () => { };

    private protected void TellChanged() => Changed();
}

/// <summary>A live list at one moment, with the keys that the last few changes before it touched.</summary>
public sealed class LivePicture<T>
{
    private const int Remembered = 64;   // half a minute of a busy morning at two drawings a second
    public static readonly LivePicture<T> Empty = new(ImmutableDictionary<string, T>.Empty, 0, []);
    private readonly ImmutableQueue<(long Version, IReadOnlyCollection<string> Keys)> _changes;

    private LivePicture(ImmutableDictionary<string, T> rows, long version, ImmutableQueue<(long Version, IReadOnlyCollection<string> Keys)> changes) =>
        (Rows, Version, _changes) = (rows, version, changes);

    public ImmutableDictionary<string, T> Rows { get; }
    public long Version { get; }

    /// <summary>The next picture. Null keys: anything may be different.</summary>
    public LivePicture<T> Next(ImmutableDictionary<string, T> rows, IReadOnlyCollection<string>? keys)
    {
        if (keys is null) return new(rows, Version + 1, []);
        var changes = _changes.Enqueue((Version + 1, keys));
        return new(rows, Version + 1, changes.Peek().Version <= Version + 1 - Remembered ? changes.Dequeue() : changes);
    }

    /// <summary>The keys of rows that may be different from what they were in an earlier picture.</summary>
    public IReadOnlyCollection<string> ChangedSince(LivePicture<T> earlier)
    {
        if (earlier.Version == Version) return [];
        if (_changes.IsEmpty || _changes.Peek().Version > earlier.Version + 1) return [.. Rows.Keys.Union(earlier.Rows.Keys)];
        var changed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (version, keys) in _changes)
            if (version > earlier.Version) changed.UnionWith(keys);
        return changed;
    }
}

/// <summary>A live list: one immutable picture after the other. Readers take a picture and keep it as long as they like.</summary>
public sealed class LiveTable<T>(Func<T, string> key) : LiveTable
{
    private readonly Lock _lock = new();
    private volatile State _now = new(LivePicture<T>.Empty, new(LineState.Opening, DateTimeOffset.MinValue));

    private sealed record State(LivePicture<T> Picture, Line Line);

    public LivePicture<T> Now => _now.Picture;
    public ImmutableDictionary<string, T> Rows => _now.Picture.Rows;
    public override long Version => _now.Picture.Version;
    public override Line Line => _now.Line;

    public string Key(T row) => key(row);

    public T? Find(string id) => Rows.TryGetValue(id, out var row) ? row : default;

    public void Replace(IReadOnlyCollection<T> all, DateTimeOffset at) =>
        Set(_ => all.Select(r => KeyValuePair.Create(key(r), r)).ToImmutableDictionary(StringComparer.Ordinal), null, new(LineState.Live, at));

    public void Apply(IReadOnlyCollection<T> changed, IReadOnlyCollection<string> removed, DateTimeOffset at) =>
        Set(rows => rows.SetItems(changed.Select(r => KeyValuePair.Create(key(r), r))).RemoveRange(removed), [.. changed.Select(key), .. removed], new(LineState.Live, at));

    public void SetLine(LineState state, DateTimeOffset at)
    {
        // The age of the data counts from the loss, not from the latest try; without any data there is no age.
        var before = _now.Line;
        if (before.State == state) return;
        Set(rows => rows, [], new(state, before.State == LineState.Live ? at : before.LastHeard));
    }

    private void Set(Func<ImmutableDictionary<string, T>, ImmutableDictionary<string, T>> change, IReadOnlyCollection<string>? keys, Line line)
    {
        lock (_lock)
        {
            var before = _now.Picture;
            _now = new(before.Next(change(before.Rows), keys), line);
        }
        TellChanged();
    }
}
