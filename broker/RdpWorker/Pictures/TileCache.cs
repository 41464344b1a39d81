namespace Montalegre.Vdi.RdpWorker.Pictures;

/// <summary>Which tile lies in which slot of the browser's cache; the least recently used one makes room.</summary>
internal sealed class TileCache
{
    private readonly Dictionary<ulong, int> _slots = [];
    private readonly ulong[] _keys;
    private readonly int[] _newer;
    private readonly int[] _older;
    private int _newest = -1;
    private int _oldest = -1;
    private int _used;

    public TileCache(int slots)
    {
        _keys = new ulong[slots];
        _newer = new int[slots];
        _older = new int[slots];
    }

    /// <summary>The slot that holds this tile, which becomes the newest.</summary>
    public bool TryFind(ulong key, out ushort slot)
    {
        var found = _slots.TryGetValue(key, out var at);
        slot = (ushort)at;
        if (!found) return false;
        Unlink(at);
        LinkNewest(at);
        return true;
    }

    /// <summary>A slot to store this tile in; null when the browser has no cache.</summary>
    public ushort? Store(ulong key)
    {
        if (_keys.Length == 0) return null;
        int at;
        if (_used < _keys.Length) at = _used++;
        else
        {
            at = _oldest;
            Unlink(at);
            _slots.Remove(_keys[at]);
        }
        _keys[at] = key;
        _slots[key] = at;
        LinkNewest(at);
        return (ushort)at;
    }

    private void Unlink(int at)
    {
        if (_newer[at] >= 0) _older[_newer[at]] = _older[at];
        else _newest = _older[at];
        if (_older[at] >= 0) _newer[_older[at]] = _newer[at];
        else _oldest = _newer[at];
    }

    private void LinkNewest(int at)
    {
        _newer[at] = -1;
        _older[at] = _newest;
        if (_newest >= 0) _newer[_newest] = at;
        _newest = at;
        if (_oldest < 0) _oldest = at;
    }
}
