namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The ops of one frame, by hand from docs/html5-protocol.md. Its zstd frames hold raw blocks: what compresses is tried with the real worker.</summary>
internal sealed class DrawnFrame
{
    public const ushort NoSlot = 0xFFFF;
    private readonly MemoryStream _ops = new();
    private readonly MemoryStream _pixels = new();
    private readonly BinaryWriter _w;
    private ushort _count;

    public DrawnFrame() => _w = new BinaryWriter(_ops);

    public DrawnFrame Solid(int x, int y, int w, int h, byte r, byte g, byte b)
    {
        Op(0, x, y, w, h);
        _w.Write([r, g, b]);
        return this;
    }

    /// <summary>Pixels by a function of their place inside the rectangle: 0xRRGGBB.</summary>
    public DrawnFrame Lossless(int x, int y, int w, int h, Func<int, int, int> color, ushort slot = NoSlot)
    {
        Op(1, x, y, w, h);
        _w.Write(slot);
        for (var j = 0; j < h; j++)
        {
            for (var i = 0; i < w; i++)
            {
                var c = color(i, j);
                _pixels.Write([(byte)(c >> 16), (byte)(c >> 8), (byte)c, 255]);
            }
        }
        return this;
    }

    public DrawnFrame Jpeg(int x, int y, int w, int h, byte[] jpeg, ushort slot = NoSlot)
    {
        Op(2, x, y, w, h);
        _w.Write(slot);
        _w.Write(jpeg.Length);
        _w.Write(jpeg);
        return this;
    }

    public DrawnFrame Copy(int fromX, int fromY, int w, int h, int toX, int toY)
    {
        Op(3, fromX, fromY, w, h);
        _w.Write((ushort)toX);
        _w.Write((ushort)toY);
        return this;
    }

    public DrawnFrame Cached(ushort slot, int x, int y)
    {
        _count++;
        _w.Write((byte)4);
        _w.Write(slot);
        _w.Write((ushort)x);
        _w.Write((ushort)y);
        return this;
    }

    public DrawnFrame H264(ushort decoder, bool key, int x, int y, int w, int h, (int X, int Y, int W, int H)[] rects, byte[] unit)
    {
        _count++;
        _w.Write((byte)5);
        _w.Write(decoder);
        _w.Write((byte)(key ? 1 : 0));
        foreach (var value in (int[])[x, y, w, h, rects.Length]) _w.Write((ushort)value);
        foreach (var r in rects) foreach (var value in (int[])[r.X, r.Y, r.W, r.H]) _w.Write((ushort)value);
        _w.Write(unit.Length);
        _w.Write(unit);
        return this;
    }

    public void Write(BinaryWriter w, uint id, bool more)
    {
        var pixels = _pixels.ToArray();
        var packed = pixels.Length == 0 ? [] : Zstd(pixels);
        w.Write(id);
        w.Write((byte)(more ? 1 : 0));
        w.Write(pixels.Length);
        w.Write(packed.Length);
        w.Write(packed);
        w.Write(_count);
        w.Write(_ops.ToArray());
    }

    private void Op(byte op, int x, int y, int w, int h)
    {
        _count++;
        _w.Write(op);
        foreach (var value in (int[])[x, y, w, h]) _w.Write((ushort)value);
    }

    /// <summary>RFC 8878: magic, single segment with its size in 4 bytes, raw blocks of at most 128 KiB.</summary>
    private static byte[] Zstd(byte[] content)
    {
        using var stream = new MemoryStream();
        using var w = new BinaryWriter(stream);
        w.Write(0xFD2FB528);
        w.Write((byte)0xA0);
        w.Write(content.Length);
        for (var at = 0; at < content.Length; at += 128 * 1024)
        {
            var size = Math.Min(128 * 1024, content.Length - at);
            var header = (size << 3) | (at + size == content.Length ? 1 : 0);
            w.Write([(byte)header, (byte)(header >> 8), (byte)(header >> 16)]);
            w.Write(content, at, size);
        }
        w.Flush();
        return stream.ToArray();
    }
}
