using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>A rectangle of a screen in pixels.</summary>
public readonly record struct ScreenRectangle(int Left, int Top, int Width, int Height);

/// <summary>Slow-path Bitmap Update, MS-RDPBCGR 2.2.9.1.1.3.1.2: one compressed rectangle a PDU.</summary>
internal static class BitmapUpdate
{
    /// <summary>A square of this side fits one PDU even when nothing repeats in it.</summary>
    public const int LongestSide = 64;

    /// <summary>Clients expect rows of whole four pixels.</summary>
    private const int WidthStep = 4;

    private const ushort UpdateTypeBitmap = 1;
    private const ushort Compressed = 0x0001;

    /// <param name="pixels">0xRRGGBB, row by row from the top; as wide as the rectangle.</param>
    public static void Write(ref WireWriter w, ScreenRectangle where, scoped ReadOnlySpan<int> pixels, ushort bitsPerPixel)
    {
        var padded = (where.Width + WidthStep - 1) / WidthStep * WidthStep;
        Span<int> wide = stackalloc int[LongestSide * LongestSide];
        wide = wide[..(padded * where.Height)];
        for (var row = 0; row < where.Height; row++)
        {
            var from = pixels.Slice(row * where.Width, where.Width);
            var to = wide.Slice((where.Height - 1 - row) * padded, padded);     // bottom row first
            from.CopyTo(to);
            to[where.Width..].Fill(from[^1]);
        }

        var frame = ShareFrame.BeginData(ref w, ShareDataType.Update);
        w.WriteUInt16(UpdateTypeBitmap);
        w.WriteUInt16(1);                                   // numberRectangles
        w.WriteUInt16((ushort)where.Left);
        w.WriteUInt16((ushort)where.Top);
        w.WriteUInt16((ushort)(where.Left + where.Width - 1));
        w.WriteUInt16((ushort)(where.Top + where.Height - 1));
        w.WriteUInt16((ushort)padded);
        w.WriteUInt16((ushort)where.Height);
        w.WriteUInt16(bitsPerPixel);
        w.WriteUInt16(Compressed);
        var bitmapLength = w.Take(2);
        w.WriteUInt16(0);                                   // TS_CD_HEADER, 2.2.9.1.1.3.1.2.3: cbCompFirstRowSize
        var bodyLength = w.Take(2);
        w.WriteUInt16((ushort)(padded * bitsPerPixel / 8));
        w.WriteUInt16((ushort)(padded * where.Height * bitsPerPixel / 8));
        var start = w.Written;
        InterleavedRle.Compress(wide, padded, bitsPerPixel / 8, ref w);
        var body = w.Written - start;
        BinaryPrimitives.WriteUInt16LittleEndian(bodyLength, (ushort)body);
        BinaryPrimitives.WriteUInt16LittleEndian(bitmapLength, (ushort)(body + 8));
        frame.End(w);
    }
}
