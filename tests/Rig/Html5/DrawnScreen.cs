using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.Rig.Html5;

/// <summary>Draws Frame messages as a browser does, without a browser: R, G, B, A in memory, and a cache of tiles.</summary>
public sealed class DrawnScreen
{
    private readonly List<(ushort Decoder, bool IsKey, int Rects, byte[] Unit)> _units = [];
    private readonly Dictionary<ushort, (int W, int H, byte[] Pixels)> _cache = [];

    /// <summary>An empty screen.</summary>
    public DrawnScreen(int width, int height) => Size(width, height);

    public int Width { get; private set; }

    public int Height { get; private set; }

    /// <summary>R, G, B, A from the top left.</summary>
    public byte[] Pixels { get; private set; } = [];

    /// <summary>Operations drawn so far, by kind.</summary>
    public Dictionary<FrameOp, int> Drawn { get; } = [];

    /// <summary>H.264 access units that came.</summary>
    public IReadOnlyList<(ushort Decoder, bool IsKey, int Rects, byte[] Unit)> Units
    {
        get { lock (this) return [.. _units]; }
    }

    /// <summary>A new, empty picture of this size.</summary>
    public void Size(int width, int height)
    {
        (Width, Height) = (width, height);
        Pixels = new byte[width * height * 4];
    }

    /// <summary>0xRRGGBB at a place.</summary>
    public int At(int x, int y)
    {
        var at = ((y * Width) + x) * 4;
        return (Pixels[at] << 16) | (Pixels[at + 1] << 8) | Pixels[at + 2];
    }

    /// <summary>Draws one frame.</summary>
    public void Draw(FrameMessage frame)
    {
        var pixels = frame.PixelBytes == 0 ? [] : PictureCodecs.Zstd(frame.Zstd, frame.PixelBytes);
        var used = 0;
        foreach (var op in frame.Ops)
        {
            Drawn[op.Kind] = Drawn.GetValueOrDefault(op.Kind) + 1;
            switch (op.Kind)
            {
                case FrameOp.Solid: Put(op.Rect, Solid(op)); break;
                case FrameOp.Lossless:
                    var exact = pixels.AsSpan(used, op.Rect.Area * 4).ToArray();
                    used += exact.Length;
                    Keep(op, exact);
                    break;
                case FrameOp.Jpeg: Keep(op, PictureCodecs.Jpeg(op.Data, op.Rect.W, op.Rect.H)); break;
                case FrameOp.Copy: Put(new(op.ToX, op.ToY, op.Rect.W, op.Rect.H), Take(op.Rect)); break;
                case FrameOp.Cached:
                    var tile = _cache[op.Slot];
                    Put(new(op.Rect.X, op.Rect.Y, (ushort)tile.W, (ushort)tile.H), tile.Pixels);
                    break;
                case FrameOp.H264: _units.Add((op.Slot, (op.Colour & 1) != 0, op.Rects.Count, op.Data.ToArray())); break;
            }
        }
        if (used != pixels.Length) throw new InvalidDataException($"{pixels.Length - used} bytes of pixels belong to nothing.");
    }

    private static byte[] Solid(FrameMessage.Op op)
    {
        var pixels = new byte[op.Rect.Area * 4];
        for (var at = 0; at < pixels.Length; at += 4)
            (pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]) = ((byte)(op.Colour >> 16), (byte)(op.Colour >> 8), (byte)op.Colour, 255);
        return pixels;
    }

    private void Keep(FrameMessage.Op op, byte[] pixels)
    {
        Put(op.Rect, pixels);
        if (op.Slot != Html5Limits.NoSlot) _cache[op.Slot] = (op.Rect.W, op.Rect.H, pixels);
    }

    private void Put(ScreenRect rect, byte[] pixels)
    {
        for (var y = 0; y < rect.H; y++)
            pixels.AsSpan(y * rect.W * 4, rect.W * 4).CopyTo(Pixels.AsSpan((((rect.Y + y) * Width) + rect.X) * 4));
    }

    private byte[] Take(ScreenRect rect)
    {
        var pixels = new byte[rect.Area * 4];
        for (var y = 0; y < rect.H; y++)
            Pixels.AsSpan((((rect.Y + y) * Width) + rect.X) * 4, rect.W * 4).CopyTo(pixels.AsSpan(y * rect.W * 4));
        return pixels;
    }
}
