using System.Buffers.Binary;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.RdpWorker.Pictures;

/// <summary>Turns what changed into one Frame message: moved parts are copied, known tiles named, interface sent exactly, photos as JPEG.</summary>
internal sealed class FrameEncoder : IDisposable
{
    private const int PixelBudget = 1024 * 1024;
    private const int OpsRoom = 1536 * 1024;
    private const int OpsBudget = 1024 * 1024;
    private const int TilePixels = Screen.Tile * Screen.Tile * 4;
    private const int Quality = 80;
    private const int MostRefined = 48;
    private const int PhotoColumns = 8;
    private const int PhotoRows = 4;
    private const ulong HashSeed = 0x9E3779B97F4A7C15;

    private readonly PixelEncoder _encoder = new();
    private readonly byte[] _pixels = new byte[PixelBudget];
    private readonly byte[] _ops = new byte[OpsRoom];
    private readonly byte[] _jpeg = new byte[PixelEncoder.JpegRoom(PhotoColumns * Screen.Tile, PhotoRows * Screen.Tile)];
    private readonly ScrollSearch _scroll = new();
    private TileCache _cache;
    private bool[] _photo = [];
    private int _filled;

    public FrameEncoder(int cacheSlots) => _cache = new(cacheSlots);

    /// <summary>Most bytes of a message that <see cref="Encode"/> writes.</summary>
    public static int LongestMessage => FrameMessage.HeaderLength + PixelEncoder.ZstdRoom(PixelBudget) + 2 + OpsRoom;

    public void ForgetCache(int cacheSlots) => _cache = new(cacheSlots);

    /// <summary>Writes one frame of everything that changed, as far as it fits; answers its length, 0 when nothing is to be shown.</summary>
    /// <param name="more">True when changed tiles are left for a next frame of the same picture.</param>
    public int Encode(Picture picture, Screen screen, uint id, long now, Span<byte> to, out bool more)
    {
        _filled = 0;
        var ops = new FrameOps(_ops);
        if (_photo.Length != screen.Columns * screen.Rows) _photo = new bool[screen.Columns * screen.Rows];
        var changed = HashDirty(picture, screen);
        if (changed > 3) Scroll(screen, ref ops, now);
        SendTiles(picture, screen, ref ops, now);
        SendPhotos(picture, screen, ref ops, now);
        more = screen.DirtyTiles > 0;
        return Assemble(ref ops, id, more, to);
    }

    /// <summary>Sends tiles exactly that have been still since they were sent with losses.</summary>
    public int Refine(Picture picture, Screen screen, uint id, long stillSince, Span<byte> to)
    {
        _filled = 0;
        var ops = new FrameOps(_ops);
        var left = MostRefined;
        for (var row = 0; row < screen.Rows && left > 0; row++)
        {
            for (var column = 0; column < screen.Columns && left > 0; column++)
            {
                var since = screen.LossySince(column, row);
                if (since == 0 || since > stillSince) continue;
                if (_filled + TilePixels > PixelBudget) break;
                Lossless(picture, screen, column, row, 0, screen.HeightOf(row), ref ops);
                screen.SetLossy(column, row, 0);
                left--;
            }
        }
        return Assemble(ref ops, id, more: false, to);
    }

    /// <summary>Sends exactly this rectangle, without looking at what was there: around pictures that the browser decodes itself.</summary>
    public int EncodeRect(Picture picture, ScreenRect rect, uint id, Span<byte> to)
    {
        _filled = 0;
        var ops = new FrameOps(_ops);
        for (int y = rect.Y; y < rect.Y + rect.H; y += Screen.Tile)
        {
            for (int x = rect.X; x < rect.X + rect.W; x += Screen.Tile)
            {
                var part = new ScreenRect((ushort)x, (ushort)y, (ushort)Math.Min(Screen.Tile, rect.X + rect.W - x), (ushort)Math.Min(Screen.Tile, rect.Y + rect.H - y));
                switch (picture.Classify(part.X, part.Y, part.W, part.H, out var colour))
                {
                    case PictureKind.OneColour: Solid(part, colour, ref ops); break;
                    case PictureKind.Interface when _filled + (part.Area * 4) <= PixelBudget:
                        picture.GatherRgba(part.X, part.Y, part.W, part.H, _pixels.AsSpan(_filled));
                        _filled += part.Area * 4;
                        ops.Lossless(part, Html5Limits.NoSlot);
                        break;
                    default:
                        ops.Jpeg(part, Html5Limits.NoSlot, _jpeg.AsSpan(0, picture.Jpeg(_encoder, part.X, part.Y, part.W, part.H, Quality, _jpeg)));
                        break;
                }
            }
        }
        return Assemble(ref ops, id, more: false, to);
    }

    public void Dispose() => _encoder.Dispose();

    /// <summary>Hashes the rows of every dirty tile; tiles that turn out to be as they were are clean again.</summary>
    private static int HashDirty(Picture picture, Screen screen)
    {
        var changed = 0;
        for (var column = 0; column < screen.Columns; column++)
        {
            var shown = screen.Shown(column);
            var fresh = screen.Fresh(column);
            for (var row = 0; row < screen.Rows; row++)
            {
                var (top, height) = (row * Screen.Tile, screen.HeightOf(row));
                if (screen.IsDirty(column, row))
                {
                    picture.HashRows(column * Screen.Tile, top, screen.WidthOf(column), fresh.Slice(top, height));
                    if (!fresh.Slice(top, height).SequenceEqual(shown.Slice(top, height))) changed++;
                    else screen.Clean(column, row);
                }
                else shown.Slice(top, height).CopyTo(fresh[top..]);
            }
        }
        return changed;
    }

    /// <summary>Looks for columns that moved up or down, and tells the browser to move them.</summary>
    private void Scroll(Screen screen, ref FrameOps ops, long now)
    {
        var probe = MostChanged(screen);
        var shift = _scroll.Find(screen.Shown(probe), screen.Fresh(probe));
        if (shift == 0) return;
        for (var column = 0; column < screen.Columns;)
        {
            var (top, length) = ScrollSearch.LongestRun(screen.Shown(column), screen.Fresh(column), shift);
            var last = column;
            while (length >= Screen.Tile / 2 && last + 1 < screen.Columns)
            {
                var (nextTop, nextLength) = ScrollSearch.LongestRun(screen.Shown(last + 1), screen.Fresh(last + 1), shift);
                var (bothTop, bothEnd) = (Math.Max(top, nextTop), Math.Min(top + length, nextTop + nextLength));
                if (bothEnd - bothTop < length / 2) break;
                (top, length) = (bothTop, bothEnd - bothTop);
                last++;
            }
            if (length >= Screen.Tile / 2 && HasChanged(screen, column, last, top, length)) Move(screen, column, last, top, length, shift, now, ref ops);
            column = last + 1;
        }
    }

    private static int MostChanged(Screen screen)
    {
        var (best, most) = (0, -1);
        for (var column = 0; column < screen.Columns; column++)
        {
            var shown = screen.Shown(column);
            var fresh = screen.Fresh(column);
            var differing = 0;
            for (var y = 0; y < shown.Length; y++) if (shown[y] != fresh[y]) differing++;
            if (differing > most) (best, most) = (column, differing);
        }
        return best;
    }

    // A still, empty column matches any shift; moving it would only cost.
    private static bool HasChanged(Screen screen, int first, int last, int top, int length)
    {
        for (var column = first; column <= last; column++)
            if (!screen.Shown(column).Slice(top, length).SequenceEqual(screen.Fresh(column).Slice(top, length))) return true;
        return false;
    }

    private static void Move(Screen screen, int first, int last, int top, int length, int shift, long now, ref FrameOps ops)
    {
        var x = first * Screen.Tile;
        var width = Math.Min(screen.Width, (last + 1) * Screen.Tile) - x;
        ops.Copy(new((ushort)x, (ushort)(top - shift), (ushort)width, (ushort)length), (ushort)x, (ushort)top);
        for (var column = first; column <= last; column++)
        {
            screen.Fresh(column).Slice(top, length).CopyTo(screen.Shown(column)[top..]);
            if (screen.LossyTiles == 0) continue;
            var wasLossy = false;
            for (var row = (top - shift) / Screen.Tile; row <= (top - shift + length - 1) / Screen.Tile; row++) wasLossy |= screen.LossySince(column, row) != 0;
            for (var row = top / Screen.Tile; wasLossy && row <= (top + length - 1) / Screen.Tile; row++) screen.SetLossy(column, row, now);
        }
    }

    private void SendTiles(Picture picture, Screen screen, ref FrameOps ops, long now)
    {
        for (var row = 0; row < screen.Rows; row++)
        {
            for (var column = 0; column < screen.Columns; column++)
            {
                if (!screen.IsDirty(column, row)) continue;
                if (_filled + TilePixels > PixelBudget || ops.Written > OpsBudget || ops.Count > Html5Limits.MostOps - 8) return;
                SendTile(picture, screen, column, row, ref ops);
            }
        }
    }

    private void SendTile(Picture picture, Screen screen, int column, int row, ref FrameOps ops)
    {
        var (top, height) = (row * Screen.Tile, screen.HeightOf(row));
        var fresh = screen.Fresh(column).Slice(top, height);
        var shown = screen.Shown(column).Slice(top, height);
        var first = fresh.CommonPrefixLength(shown);
        if (first == height)
        {
            screen.Clean(column, row);      // the copy above has brought it already
            return;
        }
        var end = height;
        while (fresh[end - 1] == shown[end - 1]) end--;

        var tile = new ScreenRect((ushort)(column * Screen.Tile), (ushort)top, (ushort)screen.WidthOf(column), (ushort)height);
        if (_cache.TryFind(Key(fresh, tile.W), out var slot))
        {
            ops.Cached(slot, tile.X, tile.Y);
            Sent(screen, column, row, fresh, shown);
            screen.SetLossy(column, row, 0);
            return;
        }
        switch (picture.Classify(tile.X, top + first, tile.W, end - first, out var colour))
        {
            case PictureKind.OneColour:
                Solid(tile with { Y = (ushort)(top + first), H = (ushort)(end - first) }, colour, ref ops);
                if (first == 0 && end == height) screen.SetLossy(column, row, 0);
                break;
            case PictureKind.Interface:
                Lossless(picture, screen, column, row, first, end - first, ref ops);
                if (first == 0 && end == height) screen.SetLossy(column, row, 0);
                break;
            default:
                _photo[(row * screen.Columns) + column] = true;
                return;
        }
        Sent(screen, column, row, fresh, shown);
    }

    private void Lossless(Picture picture, Screen screen, int column, int row, int first, int height, ref FrameOps ops)
    {
        var rect = new ScreenRect((ushort)(column * Screen.Tile), (ushort)((row * Screen.Tile) + first), (ushort)screen.WidthOf(column), (ushort)height);
        picture.GatherRgba(rect.X, rect.Y, rect.W, rect.H, _pixels.AsSpan(_filled));
        _filled += rect.Area * 4;
        var whole = height == screen.HeightOf(row);
        var key = Key(screen.Fresh(column).Slice(row * Screen.Tile, screen.HeightOf(row)), rect.W);
        ops.Lossless(rect, whole ? (_cache.TryFind(key, out var known) ? known : _cache.Store(key)) ?? Html5Limits.NoSlot : Html5Limits.NoSlot);
    }

    /// <summary>Joins photo tiles that lie beside each other: one JPEG costs less than many.</summary>
    private void SendPhotos(Picture picture, Screen screen, ref FrameOps ops, long now)
    {
        for (var row = 0; row < screen.Rows; row++)
        {
            for (var column = 0; column < screen.Columns; column++)
            {
                if (!_photo[(row * screen.Columns) + column]) continue;
                if (ops.Written > OpsBudget || ops.Count > Html5Limits.MostOps - 8) { Array.Clear(_photo); return; }
                var right = column;
                while (right + 1 < screen.Columns && right - column + 1 < PhotoColumns && _photo[(row * screen.Columns) + right + 1]) right++;
                var bottom = row;
                while (bottom + 1 < screen.Rows && bottom - row + 1 < PhotoRows && AllPhoto(screen, column, right, bottom + 1)) bottom++;
                SendPhoto(picture, screen, column, row, right, bottom, ref ops, now);
            }
        }
    }

    private bool AllPhoto(Screen screen, int left, int right, int row)
    {
        for (var column = left; column <= right; column++)
            if (!_photo[(row * screen.Columns) + column]) return false;
        return true;
    }

    private void SendPhoto(Picture picture, Screen screen, int left, int top, int right, int bottom, ref FrameOps ops, long now)
    {
        var (x, y) = (left * Screen.Tile, top * Screen.Tile);
        var rect = new ScreenRect((ushort)x, (ushort)y, (ushort)(Math.Min(screen.Width, (right + 1) * Screen.Tile) - x), (ushort)(Math.Min(screen.Height, (bottom + 1) * Screen.Tile) - y));
        var length = picture.Jpeg(_encoder, rect.X, rect.Y, rect.W, rect.H, Quality, _jpeg);
        ops.Jpeg(rect, Html5Limits.NoSlot, _jpeg.AsSpan(0, length));
        for (var row = top; row <= bottom; row++)
        {
            for (var column = left; column <= right; column++)
            {
                _photo[(row * screen.Columns) + column] = false;
                var (from, height) = (row * Screen.Tile, screen.HeightOf(row));
                Sent(screen, column, row, screen.Fresh(column).Slice(from, height), screen.Shown(column).Slice(from, height));
                screen.SetLossy(column, row, now);
            }
        }
    }

    private static void Solid(ScreenRect rect, uint colour, ref FrameOps ops) => ops.Solid(rect, (byte)(colour >> 16), (byte)(colour >> 8), (byte)colour);

    private static void Sent(Screen screen, int column, int row, Span<ulong> fresh, Span<ulong> shown)
    {
        fresh.CopyTo(shown);
        screen.Clean(column, row);
    }

    private static ulong Key(ReadOnlySpan<ulong> rows, int width)
    {
        var key = HashSeed ^ (ulong)width ^ ((ulong)rows.Length << 8);
        foreach (var row in rows) key = Math.BigMul(key ^ row, HashSeed, out var low) ^ low;
        return key;
    }

    private int Assemble(ref FrameOps ops, uint id, bool more, Span<byte> to)
    {
        if (ops.Count == 0) return 0;
        var zstd = _filled == 0 ? 0 : _encoder.Zstd(_pixels.AsSpan(0, _filled), to[FrameMessage.HeaderLength..]);
        FrameMessage.WriteHeader(to, id, more, _filled, zstd);
        var at = FrameMessage.HeaderLength + zstd;
        BinaryPrimitives.WriteUInt16LittleEndian(to[at..], (ushort)ops.Count);
        _ops.AsSpan(0, ops.Written).CopyTo(to[(at + 2)..]);
        return at + 2 + ops.Written;
    }
}
