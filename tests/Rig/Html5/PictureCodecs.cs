using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Rig.Html5;

/// <summary>What a browser unpacks with its own means: zstd and JPEG.</summary>
internal static class PictureCodecs
{
    private const int Rgba = 7;

    /// <summary>Unpacks one zstd frame to exactly this many bytes.</summary>
    public static byte[] Zstd(ReadOnlyMemory<byte> compressed, int length)
    {
        var pixels = new byte[length];
        var source = compressed.ToArray();
        var written = ZstdDecompress(pixels, (nuint)pixels.Length, source, (nuint)source.Length);
        return written == (nuint)length ? pixels : throw new InvalidDataException($"zstd gave {written} bytes instead of {length}.");
    }

    /// <summary>Unpacks a JPEG of this size to R, G, B, A.</summary>
    public static byte[] Jpeg(ReadOnlyMemory<byte> jpeg, int width, int height)
    {
        var pixels = new byte[width * height * 4];
        var source = jpeg.ToArray();
        var handle = InitDecompress();
        try
        {
            return Decompress(handle, source, (nuint)source.Length, pixels, width, 0, height, Rgba, 0) == 0
                ? pixels : throw new InvalidDataException("The JPEG could not be read.");
        }
        finally { _ = Destroy(handle); }
    }

    [DllImport("libzstd.so.1", EntryPoint = "ZSTD_decompress")]
    private static extern nuint ZstdDecompress(byte[] to, nuint room, byte[] from, nuint length);

    [DllImport("libturbojpeg.so.0", EntryPoint = "tjInitDecompress")]
    private static extern nint InitDecompress();

    [DllImport("libturbojpeg.so.0", EntryPoint = "tjDecompress2")]
    private static extern int Decompress(nint handle, byte[] jpeg, nuint length, byte[] to, int width, int pitch, int height, int format, int flags);

    [DllImport("libturbojpeg.so.0", EntryPoint = "tjDestroy")]
    private static extern int Destroy(nint handle);
}
