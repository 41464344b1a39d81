using System.Runtime.CompilerServices;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Live;

/// <summary>What a watcher gets: everything once, then what changed. Gone ids had a row before and have none now.</summary>
internal abstract record LiveUpdate<TRow>
{
    private LiveUpdate() { }

    public sealed record Snapshot(IReadOnlyList<TRow> Rows) : LiveUpdate<TRow>;

    public sealed record Changes(IReadOnlyList<TRow> Changed, IReadOnlyList<Guid> Gone) : LiveUpdate<TRow>;
}

/// <summary>
/// Snapshot, then changes, for one kind of object: the same shape for every watched page. Changes are batched, so that
/// a storm costs a watcher a few messages a second and not one a row.
/// </summary>
internal static class LiveView
{
    /// <summary>Shortest time between two messages to one watcher.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <param name="pump">Tells which objects changed.</param>
    /// <param name="kinds">The change kinds whose ids are ids of the watched rows.</param>
    /// <param name="all">Reads every row.</param>
    /// <param name="some">Reads the rows of the given ids; an id without a row is gone.</param>
    /// <param name="id">The id of a row.</param>
    /// <param name="time">Paces the batches.</param>
    /// <param name="ct">Ends the watch.</param>
    public static async IAsyncEnumerable<LiveUpdate<TRow>> WatchAsync<TRow>(
        ChangePump pump, string[] kinds, Func<CancellationToken, Task<IReadOnlyList<TRow>>> all,
        Func<Guid[], CancellationToken, Task<IReadOnlyList<TRow>>> some, Func<TRow, Guid> id, TimeProvider time,
        [EnumeratorCancellation] CancellationToken ct)
    {
        // Subscribed before the snapshot is read: a change in between is sent twice, never missed.
        await using var batches = pump.Subscribe(ct).GetAsyncEnumerator(ct);
        var next = batches.MoveNextAsync().AsTask();
        var snapshot = await all(ct);
        var sent = snapshot.Select(id).ToHashSet();
        var told = time.GetTimestamp();
        yield return new LiveUpdate<TRow>.Snapshot(snapshot);
        var touched = new HashSet<Guid>();
        while (await next)
        {
            var batch = batches.Current;
            next = batches.MoveNextAsync().AsTask();
            if (batch.Lost)
            {
                touched.Clear();
                snapshot = await all(ct);
                sent = snapshot.Select(id).ToHashSet();
                yield return new LiveUpdate<TRow>.Snapshot(snapshot);
                continue;
            }
            touched.UnionWith(batch.Ids(kinds));
            if (touched.Count == 0) continue;
            // The first change after a quiet moment goes at once; what follows it is gathered.
            if (Pace - time.GetElapsedTime(told) is { Ticks: > 0 } early) await Task.Delay(early, time, ct);
            while (next.IsCompletedSuccessfully && next.Result && !batches.Current.Lost)
            {
                touched.UnionWith(batches.Current.Ids(kinds));
                next = batches.MoveNextAsync().AsTask();
            }
            var rows = await some([.. touched], ct);
            // Only what this watcher was shown can be gone for him: the id of anything else is none of his business.
            var gone = touched.Except(rows.Select(id)).Where(sent.Remove).ToList();
            sent.UnionWith(rows.Select(id));
            touched.Clear();
            told = time.GetTimestamp();
            if (rows.Count + gone.Count > 0) yield return new LiveUpdate<TRow>.Changes(rows, gone);
        }
    }
}
