using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>Interleaved RLE of bitmaps with 16 or 24 bits a pixel, MS-RDPBCGR 2.2.9.1.1.3.1.2.4 and 3.1.9. Three orders are enough for pages of text.</summary>
internal static class InterleavedRle
{
    private const int BackgroundRun = 0x0;
    private const int ColorRun = 0x3;
    private const int ColorImage = 0x4;
    private const byte MegaMega = 0xF0;
    private const int ShortRun = 31;
    private const int LongRun = ShortRun + 1 + 255;
    private const int LeastRun = 3;

    /// <param name="rows">0xRRGGBB, row by row from the bottom, without padding.</param>
    public static void Compress(scoped ReadOnlySpan<int> rows, int width, int bytesPerPixel, ref WireWriter w)
    {
        // The first line knows nothing above it, and no order may reach from it into the second.
        Encode(rows[..width], 0, width, bytesPerPixel, ref w);
        Encode(rows, width, width, bytesPerPixel, ref w);
    }

    private static void Encode(scoped ReadOnlySpan<int> rows, int at, int width, int bytesPerPixel, ref WireWriter w)
    {
        var literal = at;
        while (at < rows.Length)
        {
            // INVARIANT: two background runs never follow each other, or the decoder puts a pixel between them;
            // a run is taken whole, so that the pixel after it differs.
            var below = at >= width ? rows[at..].CommonPrefixLength(rows[(at - width)..]) : 0;
            var same = below >= LeastRun ? 0 : Same(rows[at..]);
            if (below < LeastRun && same < LeastRun)
            {
                at++;
                continue;
            }
            WriteImage(rows[literal..at], bytesPerPixel, ref w);
            WriteOrder(ref w, below >= LeastRun ? BackgroundRun : ColorRun, Math.Max(below, same));
            if (below < LeastRun) WritePixel(rows[at], bytesPerPixel, ref w);
            at += Math.Max(below, same);
            literal = at;
        }
        WriteImage(rows[literal..], bytesPerPixel, ref w);
    }

    private static int Same(scoped ReadOnlySpan<int> pixels)
    {
        var end = pixels.IndexOfAnyExcept(pixels[0]);
        return end < 0 ? pixels.Length : end;
    }

    private static void WriteImage(scoped ReadOnlySpan<int> pixels, int bytesPerPixel, ref WireWriter w)
    {
        if (pixels.IsEmpty) return;
        WriteOrder(ref w, ColorImage, pixels.Length);
        foreach (var pixel in pixels) WritePixel(pixel, bytesPerPixel, ref w);
    }

    private static void WritePixel(int rgb, int bytesPerPixel, ref WireWriter w)
    {
        if (bytesPerPixel == 2)
        {
            w.WriteUInt16((ushort)(((rgb >> 8) & 0xF800) | ((rgb >> 5) & 0x07E0) | ((rgb >> 3) & 0x001F)));
            return;
        }
        w.WriteUInt16((ushort)rgb);
        w.WriteByte((byte)(rgb >> 16));
    }

    private static void WriteOrder(ref WireWriter w, int order, int length)
    {
        if (length <= ShortRun) w.WriteByte((byte)((order << 5) | length));
        else if (length <= LongRun)
        {
            w.WriteByte((byte)(order << 5));
            w.WriteByte((byte)(length - ShortRun - 1));
        }
        else
        {
            w.WriteByte((byte)(MegaMega | order));
            w.WriteUInt16((ushort)length);
        }
    }
}
