using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Html5;

/// <summary>A rectangle of the screen, in pixels.</summary>
public readonly record struct ScreenRect(ushort X, ushort Y, ushort W, ushort H)
{
    public int Area => W * H;
}

/// <summary>Writes one operation after the other; the caller puts header and pixels around them.</summary>
public ref struct FrameOps(Span<byte> buffer)
{
    private WireWriter _w = new(buffer, nameof(FrameOps));

    public int Count { get; private set; }

    public readonly int Written => _w.Written;

    public void Solid(ScreenRect rect, byte r, byte g, byte b)
    {
        Begin(FrameOp.Solid, rect);
        _w.WriteByte(r);
        _w.WriteByte(g);
        _w.WriteByte(b);
    }

    public void Lossless(ScreenRect rect, ushort slot)
    {
        Begin(FrameOp.Lossless, rect);
        _w.WriteUInt16(slot);
    }

    public void Jpeg(ScreenRect rect, ushort slot, scoped ReadOnlySpan<byte> jpeg)
    {
        Begin(FrameOp.Jpeg, rect);
        _w.WriteUInt16(slot);
        _w.WriteUInt32((uint)jpeg.Length);
        _w.WriteBytes(jpeg);
    }

    public void Copy(ScreenRect from, ushort toX, ushort toY)
    {
        Begin(FrameOp.Copy, from);
        _w.WriteUInt16(toX);
        _w.WriteUInt16(toY);
    }

    public void Cached(ushort slot, ushort x, ushort y)
    {
        _w.WriteByte((byte)FrameOp.Cached);
        _w.WriteUInt16(slot);
        _w.WriteUInt16(x);
        _w.WriteUInt16(y);
        Count++;
    }

    public void H264(ushort decoder, bool isKey, ScreenRect picture, scoped ReadOnlySpan<ScreenRect> rects, scoped ReadOnlySpan<byte> unit)
    {
        _w.WriteByte((byte)FrameOp.H264);
        _w.WriteUInt16(decoder);
        _w.WriteByte(isKey ? (byte)1 : (byte)0);
        Write(picture);
        _w.WriteUInt16((ushort)rects.Length);
        foreach (var rect in rects) Write(rect);
        _w.WriteUInt32((uint)unit.Length);
        _w.WriteBytes(unit);
        Count++;
    }

    public void DecoderEnd(ushort decoder)
    {
        _w.WriteByte((byte)FrameOp.DecoderEnd);
        _w.WriteUInt16(decoder);
        Count++;
    }

    private void Begin(FrameOp op, ScreenRect rect)
    {
        _w.WriteByte((byte)op);
        Write(rect);
        Count++;
    }

    private void Write(ScreenRect rect)
    {
        _w.WriteUInt16(rect.X);
        _w.WriteUInt16(rect.Y);
        _w.WriteUInt16(rect.W);
        _w.WriteUInt16(rect.H);
    }
}

/// <summary>A Frame message taken apart: tests and measurements look at pictures the way a browser does.</summary>
/// <param name="Zstd">Pixels of all lossless operations, compressed together.</param>
public sealed record FrameMessage(uint Id, bool More, int PixelBytes, ReadOnlyMemory<byte> Zstd, IReadOnlyList<FrameMessage.Op> Ops)
{
    /// <summary>Type, id, flags, the two lengths of the pixels, and the number of operations after them.</summary>
    public const int HeaderLength = 14;

    /// <param name="Rect">For a cached tile only the position is set.</param>
    /// <param name="Slot">Slot of the cache, or the decoder of an H.264 unit.</param>
    public sealed record Op(FrameOp Kind, ScreenRect Rect, ushort Slot, ushort ToX, ushort ToY, uint Colour, ReadOnlyMemory<byte> Data, IReadOnlyList<ScreenRect> Rects);

    /// <summary>Writes the fourteen bytes before the compressed pixels.</summary>
    public static void WriteHeader(Span<byte> to, uint id, bool more, int pixelBytes, int zstdBytes)
    {
        to[0] = (byte)ServerMessage.Frame;
        BinaryPrimitives.WriteUInt32LittleEndian(to[1..], id);
        to[5] = more ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(to[6..], (uint)pixelBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(to[10..], (uint)zstdBytes);
    }

    public static FrameMessage Read(ReadOnlyMemory<byte> message)
    {
        if (message.Length > Html5Limits.LongestToBrowser) WireFormatException.Throw(nameof(FrameMessage), "length", $"{message.Length} bytes");
        var r = new WireReader(message.Span, nameof(FrameMessage));
        r.Expect((uint)ServerMessage.Frame, r.ReadByte("type"), "type");
        var (id, flags, pixels, zstd) = (r.ReadUInt32("frame"), r.ReadByte("flags"), r.ReadUInt32("pixelBytes"), r.ReadUInt32("zstdBytes"));
        if (pixels > Html5Limits.MostPixelBytes) WireFormatException.Throw(nameof(FrameMessage), "pixelBytes", $"is {pixels}");
        var compressed = Slice(message, ref r, zstd, "zstd");
        var count = r.ReadUInt16("ops");
        if (count > Html5Limits.MostOps) WireFormatException.Throw(nameof(FrameMessage), "ops", $"is {count}");
        var ops = new List<Op>(Math.Min((int)count, r.Left));
        for (var i = 0; i < count; i++) ops.Add(ReadOp(message, ref r));
        r.ExpectEnd("end");
        return new(id, (flags & 1) != 0, (int)pixels, compressed, ops);
    }

    private static Op ReadOp(ReadOnlyMemory<byte> message, ref WireReader r)
    {
        var kind = (FrameOp)r.ReadByte("op");
        switch (kind)
        {
            case FrameOp.Solid:
                var solid = ReadRect(ref r);
                var rgb = r.ReadBytes(3, "colour");
                return new(kind, solid, 0, 0, 0, (uint)((rgb[0] << 16) | (rgb[1] << 8) | rgb[2]), default, []);
            case FrameOp.Lossless:
                return new(kind, ReadRect(ref r), r.ReadUInt16("slot"), 0, 0, 0, default, []);
            case FrameOp.Jpeg:
                return new(kind, ReadRect(ref r), r.ReadUInt16("slot"), 0, 0, 0, Slice(message, ref r, r.ReadUInt32("length"), "jpeg"), []);
            case FrameOp.Copy:
                return new(kind, ReadRect(ref r), 0, r.ReadUInt16("toX"), r.ReadUInt16("toY"), 0, default, []);
            case FrameOp.Cached:
                var slot = r.ReadUInt16("slot");
                return new(kind, new(r.ReadUInt16("x"), r.ReadUInt16("y"), 0, 0), slot, 0, 0, 0, default, []);
            case FrameOp.H264:
                var decoder = r.ReadUInt16("decoder");
                var key = r.ReadByte("flags");
                var picture = ReadRect(ref r);
                var count = r.ReadUInt16("rects");
                if (count > Html5Limits.MostRects) WireFormatException.Throw(nameof(FrameMessage), "rects", $"is {count}");
                var rects = new ScreenRect[count];
                for (var i = 0; i < count; i++) rects[i] = ReadRect(ref r);
                return new(kind, picture, decoder, 0, 0, key, Slice(message, ref r, r.ReadUInt32("length"), "unit"), rects);
            case FrameOp.DecoderEnd:
                return new(kind, default, r.ReadUInt16("decoder"), 0, 0, 0, default, []);
            default:
                throw new WireFormatException($"{nameof(FrameMessage)}.op: {(byte)kind} is not known");
        }
    }

    private static ScreenRect ReadRect(ref WireReader r) => new(r.ReadUInt16("x"), r.ReadUInt16("y"), r.ReadUInt16("w"), r.ReadUInt16("h"));

    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> message, ref WireReader r, uint length, string field)
    {
        var from = message.Length - r.Left;
        if (length > int.MaxValue) WireFormatException.Throw(nameof(FrameMessage), field, $"{length} bytes");
        _ = r.ReadBytes((int)length, field);
        return message.Slice(from, (int)length);
    }
}
