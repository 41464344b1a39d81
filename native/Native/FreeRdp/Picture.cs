using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.FreeRdp;

/// <summary>What a part of a picture is like.</summary>
public enum PictureKind { OneColour = 0, Interface = 1, Photo = 2 }

/// <summary>The screen as libfreerdp drew it, for the time of one call: B, G, R, x, 32 bits a pixel, rows from the top.</summary>
public readonly unsafe ref struct Picture
{
    private readonly byte* _pixels;
    private readonly int _stride;

    internal Picture(byte* pixels, int stride, int width, int height)
    {
        _pixels = pixels;
        _stride = stride;
        Width = width;
        Height = height;
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Over memory of the caller's own, which must stay where it is while the picture is used; for tests and measurements.</summary>
    public static void Over(byte[] bgrx, int width, int height, PictureUser use)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bgrx.Length, width * height * 4);
        fixed (byte* pixels = bgrx) use(new Picture(pixels, width * 4, width, height));
    }

    /// <summary>One hash for each row of the rectangle.</summary>
    public void HashRows(int x, int y, int w, Span<ulong> hashes)
    {
        Check(x, y, w, hashes.Length);
        fixed (ulong* to = hashes) ShimApi.HashRows(_pixels, (uint)_stride, (uint)x, (uint)y, (uint)w, (uint)hashes.Length, to);
    }

    /// <param name="colour">0xRRGGBB where it is only one.</param>
    public PictureKind Classify(int x, int y, int w, int h, out uint colour)
    {
        Check(x, y, w, h);
        fixed (uint* to = &colour) return (PictureKind)ShimApi.Classify(_pixels, (uint)_stride, (uint)x, (uint)y, (uint)w, (uint)h, to);
    }

    /// <summary>Copies the rectangle as R, G, B, 255.</summary>
    public void GatherRgba(int x, int y, int w, int h, Span<byte> rgba)
    {
        Check(x, y, w, h);
        ArgumentOutOfRangeException.ThrowIfLessThan(rgba.Length, w * h * 4, nameof(rgba));
        fixed (byte* to = rgba) ShimApi.GatherRgba(_pixels, (uint)_stride, (uint)x, (uint)y, (uint)w, (uint)h, to);
    }

    /// <summary>Answers the bytes written.</summary>
    public int Jpeg(PixelEncoder encoder, int x, int y, int w, int h, int quality, Span<byte> to)
    {
        Check(x, y, w, h);
        fixed (byte* start = to) return PixelEncoder.Checked(ShimApi.Jpeg(encoder.Handle, _pixels, (uint)_stride, (uint)x, (uint)y, (uint)w, (uint)h, quality, start, (uint)to.Length));
    }

    private void Check(int x, int y, int w, int h)
    {
        if (x < 0 || y < 0 || w <= 0 || h <= 0 || x + w > Width || y + h > Height)
            throw new ArgumentOutOfRangeException(nameof(x), $"{w}x{h} at {x},{y} is not inside {Width}x{Height}");
    }
}

/// <summary>Uses a picture while it is there.</summary>
public delegate void PictureUser(Picture picture);

/// <summary>Compressors of one worker; not for two threads at once.</summary>
public sealed unsafe class PixelEncoder : IDisposable
{
    public PixelEncoder()
    {
        Handle = ShimApi.EncoderCreate();
        if (Handle.IsInvalid) throw new InvalidOperationException("The picture compressors could not be made: out of memory.");
    }

    internal ShimApi.EncoderHandle Handle { get; }

    public static int JpegRoom(int w, int h) => (int)ShimApi.JpegRoom((uint)w, (uint)h);

    /// <summary>Most bytes that <see cref="Zstd"/> can need: incompressible input grows a little.</summary>
    public static int ZstdRoom(int length) => length + (length >> 8) + 1024;

    public int Zstd(ReadOnlySpan<byte> from, Span<byte> to)
    {
        fixed (byte* source = from, target = to) return Checked(ShimApi.Zstd(Handle, source, (uint)from.Length, target, (uint)to.Length));
    }

    public void Dispose() => Handle.Dispose();

    internal static int Checked(long written) => written >= 0 ? (int)written : throw new InvalidOperationException("A picture did not fit into its buffer.");
}
