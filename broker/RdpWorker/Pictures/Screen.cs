namespace Montalegre.Vdi.RdpWorker.Pictures;

/// <summary>What the browser shows, as row hashes of 64-pixel columns, and which tiles may have changed since.</summary>
/// <remarks>Hashes instead of a copy of the picture: 100 KB instead of 3 MB for 1024 x 768.</remarks>
internal sealed class Screen
{
    public const int Tile = 64;

    private readonly ulong[] _shown;
    private readonly ulong[] _fresh;
    private readonly bool[] _dirty;
    private readonly long[] _lossySince;

    public Screen(int width, int height)
    {
        (Width, Height) = (width, height);
        Columns = (width + Tile - 1) / Tile;
        Rows = (height + Tile - 1) / Tile;
        _shown = new ulong[Columns * height];
        _fresh = new ulong[Columns * height];
        _dirty = new bool[Columns * Rows];
        _lossySince = new long[Columns * Rows];
        MarkAll();
    }

    public int Width { get; }

    public int Height { get; }

    public int Columns { get; }

    public int Rows { get; }

    /// <summary>How many tiles may have changed.</summary>
    public int DirtyTiles { get; private set; }

    /// <summary>How many tiles are shown with the losses of a JPEG.</summary>
    public int LossyTiles { get; private set; }

    public Span<ulong> Shown(int column) => _shown.AsSpan(column * Height, Height);

    public Span<ulong> Fresh(int column) => _fresh.AsSpan(column * Height, Height);

    public int WidthOf(int column) => Math.Min(Tile, Width - (column * Tile));

    public int HeightOf(int row) => Math.Min(Tile, Height - (row * Tile));

    public bool IsDirty(int column, int row) => _dirty[(row * Columns) + column];

    public long LossySince(int column, int row) => _lossySince[(row * Columns) + column];

    public void MarkAll()
    {
        Array.Fill(_dirty, true);
        DirtyTiles = _dirty.Length;
    }

    /// <summary>Everything drawn so far is void: a new browser looks.</summary>
    public void Forget()
    {
        Array.Clear(_shown);
        Array.Clear(_lossySince);
        LossyTiles = 0;
        MarkAll();
    }

    /// <summary>Marks what this rectangle touches; parts outside the screen are ignored.</summary>
    public void Mark(int x, int y, int width, int height)
    {
        var (left, top) = (Math.Clamp(x, 0, Width), Math.Clamp(y, 0, Height));
        var (right, bottom) = (Math.Clamp((long)x + width, left, Width), Math.Clamp((long)y + height, top, Height));
        if (right <= left || bottom <= top) return;
        for (var row = top / Tile; row <= (bottom - 1) / Tile; row++)
        {
            for (var column = left / Tile; column <= (right - 1) / Tile; column++) Set((int)((row * Columns) + column));
        }
    }

    public void Mark(int column, int row) => Set((row * Columns) + column);

    public void Clean(int column, int row)
    {
        var at = (row * Columns) + column;
        if (!_dirty[at]) return;
        _dirty[at] = false;
        DirtyTiles--;
    }

    /// <summary>These tiles are nobody's business here any more: a picture that the browser decodes itself covers them.</summary>
    public void CleanWithin(int x, int y, int width, int height)
    {
        for (var row = (y + Tile - 1) / Tile; row < Rows && (row * Tile) + HeightOf(row) <= y + height; row++)
            for (var column = (x + Tile - 1) / Tile; column < Columns && (column * Tile) + WidthOf(column) <= x + width; column++)
            {
                Clean(column, row);
                SetLossy(column, row, 0);
            }
    }

    /// <param name="since">Time of the last lossy picture; 0 when the tile is exact.</param>
    public void SetLossy(int column, int row, long since)
    {
        ref var at = ref _lossySince[(row * Columns) + column];
        if (at == 0 && since != 0) LossyTiles++;
        if (at != 0 && since == 0) LossyTiles--;
        at = since;
    }

    private void Set(int at)
    {
        if (_dirty[at]) return;
        _dirty[at] = true;
        DirtyTiles++;
    }
}
