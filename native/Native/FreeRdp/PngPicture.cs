namespace Montalegre.Vdi.Native.FreeRdp;

/// <summary>PNG by libpng; for the worker only, since what it reads may be anything.</summary>
public static unsafe class PngPicture
{
    /// <summary>Width and height as its header says; null for what is no PNG.</summary>
    public static (uint Width, uint Height)? Size(ReadOnlySpan<byte> png)
    {
        uint width, height;
        fixed (byte* start = png) return ShimApi.PngSize(start, (uint)png.Length, &width, &height) == 0 ? (width, height) : null;
    }

    /// <summary>Unpacks to B, G, R, rows from the bottom, each filled up to four bytes; false when it is broken or of another size.</summary>
    public static bool TryRead(ReadOnlySpan<byte> png, int width, int height, Span<byte> bgr)
    {
        var stride = ((width * 3) + 3) & ~3;
        ArgumentOutOfRangeException.ThrowIfLessThan(bgr.Length, (long)stride * height, nameof(bgr));
        fixed (byte* start = png, to = bgr) return ShimApi.PngRead(start, (uint)png.Length, (uint)width, (uint)height, to, (uint)stride) == 0;
    }

    /// <summary>Packs R, G, B, rows from the top without padding; answers its length, 0 when there is not room enough.</summary>
    public static int Write(ReadOnlySpan<byte> rgb, int width, int height, Span<byte> to)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rgb.Length, (long)width * height * 3, nameof(rgb));
        fixed (byte* start = rgb, target = to) return (int)Math.Max(0, ShimApi.PngWrite(start, (uint)width, (uint)height, target, (uint)to.Length));
    }
}
