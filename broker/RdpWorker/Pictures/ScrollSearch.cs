namespace Montalegre.Vdi.RdpWorker.Pictures;

/// <summary>Finds by how many rows a column of the picture moved, from the hashes of its rows before and after.</summary>
internal sealed class ScrollSearch
{
    private const int Repeated = -1;
    private const int FewestVotes = 16;
    private readonly Dictionary<ulong, int> _rows = [];
    private readonly Dictionary<int, int> _votes = [];

    /// <summary>The shift, positive downwards, that explains most of the rows; 0 when none explains a quarter of them.</summary>
    public int Find(ReadOnlySpan<ulong> before, ReadOnlySpan<ulong> after)
    {
        _rows.Clear();
        _votes.Clear();
        // A row that stands there twice, an empty one for example, says nothing about where it came from.
        for (var y = 0; y < before.Length; y++)
        {
            if (!_rows.TryAdd(before[y], y)) _rows[before[y]] = Repeated;
        }
        var best = 0;
        var most = 0;
        for (var y = 0; y < after.Length; y++)
        {
            if (!_rows.TryGetValue(after[y], out var from) || from == Repeated || from == y) continue;
            var votes = _votes[y - from] = _votes.GetValueOrDefault(y - from) + 1;
            if (votes <= most) continue;
            most = votes;
            best = y - from;
        }
        return most >= Math.Max(FewestVotes, after.Length / 8) ? best : 0;
    }

    /// <summary>The longest run of rows that are what stood <paramref name="shift"/> rows above.</summary>
    public static (int Top, int Length) LongestRun(ReadOnlySpan<ulong> before, ReadOnlySpan<ulong> after, int shift)
    {
        var (bestTop, bestLength) = (0, 0);
        var length = 0;
        for (var y = Math.Max(0, shift); y < Math.Min(after.Length, after.Length + shift); y++)
        {
            length = before[y - shift] != 0 && after[y] == before[y - shift] ? length + 1 : 0;
            if (length > bestLength) (bestTop, bestLength) = (y - length + 1, length);
        }
        return (bestTop, bestLength);
    }
}
