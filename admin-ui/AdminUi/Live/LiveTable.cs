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

/// <summary>A live list: one immutable picture after the other. Readers take a picture and keep it as long as they like.</summary>
public sealed class LiveTable<T>(Func<T, string> key) : LiveTable
{
    private readonly Lock _lock = new();
    private volatile Picture _now = new(ImmutableDictionary<string, T>.Empty, 0, new(LineState.Opening, DateTimeOffset.MinValue));

    private sealed record Picture(ImmutableDictionary<string, T> Rows, long Version, Line Line);

    public ImmutableDictionary<string, T> Rows => _now.Rows;
    public override long Version => _now.Version;
    public override Line Line => _now.Line;

    public string Key(T row) => key(row);

    public T? Find(string id) => _now.Rows.TryGetValue(id, out var row) ? row : default;

    public void Replace(IReadOnlyCollection<T> all, DateTimeOffset at) =>
        Set(_ => all.Select(r => KeyValuePair.Create(key(r), r)).ToImmutableDictionary(StringComparer.Ordinal), new(LineState.Live, at));

    public void Apply(IReadOnlyCollection<T> changed, IReadOnlyCollection<string> removed, DateTimeOffset at) =>
        Set(rows => rows.SetItems(changed.Select(r => KeyValuePair.Create(key(r), r))).RemoveRange(removed), new(LineState.Live, at));

    public void SetLine(LineState state, DateTimeOffset at)
    {
        // The age of the data counts from the loss, not from the latest try; without any data there is no age.
        var before = _now.Line;
        if (before.State == state) return;
        Set(rows => rows, new(state, before.State == LineState.Live ? at : before.LastHeard));
    }

    private void Set(Func<ImmutableDictionary<string, T>, ImmutableDictionary<string, T>> change, Line line)
    {
        lock (_lock)
        {
            var before = _now;
            _now = new(change(before.Rows), before.Version + 1, line);
        }
        TellChanged();
    }
}
