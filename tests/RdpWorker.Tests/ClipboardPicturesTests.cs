using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Clipboard;
using Montalegre.Vdi.RdpWorker.Sessions;

namespace Montalegre.Vdi.RdpWorker.Tests;

/// <summary>Pictures between the clipboards: bitmaps of machines, PNG of browsers, and whatever else calls itself one.</summary>
public sealed class ClipboardPicturesTests
{
    private const int Width = 37, Height = 21;

    public ClipboardPicturesTests() => Shim.Require();

    [Fact]
    public void Bitmap_becomes_png_and_a_bitmap_again_pixel_for_pixel()
    {
        var bitmap = Sample();
        var png = ClipboardPictures.ToPng(bitmap);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
        Assert.Equal(((uint)Width, (uint)Height), PngPicture.Size(png)!.Value);
        Assert.Equal(bitmap, ClipboardPictures.ToBitmap(png).AsSpan(0, bitmap.Length));
    }

    [Fact]
    public void Broken_pictures_become_nothing()
    {
        var (bitmap, png) = (Sample(), ClipboardPictures.ToPng(Sample()));
        Assert.Empty(ClipboardPictures.ToPng([]));
        Assert.Empty(ClipboardPictures.ToPng(bitmap.AsSpan(0, bitmap.Length - 1)));
        Assert.Empty(ClipboardPictures.ToBitmap([]));
        Assert.Empty(ClipboardPictures.ToBitmap(png.AsSpan(0, png.Length / 2)));
        Assert.Empty(ClipboardPictures.ToBitmap(bitmap));
    }

    [Fact]
    public void Png_that_says_it_is_huge_is_refused_before_anything_is_allocated()
    {
        var png = ClipboardPictures.ToPng(Sample());
        (png[16], png[20]) = (0x00, 0x00);
        foreach (var (at, value) in new[] { (17, (byte)0x0F), (21, (byte)0x0F) }) png[at] = value;      // 983,077 x 983,061
        var crc = Crc32(png.AsSpan(12, 17));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), crc);
        Assert.Equal((983_077u, 983_061u), PngPicture.Size(png)!.Value);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Empty(ClipboardPictures.ToBitmap(png));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void Png_of_any_bytes_is_read_or_refused_and_nothing_else()
    {
        var random = new Random(20261126);
        var good = ClipboardPictures.ToPng(Sample());
        for (var round = 0; round < 5000; round++)
        {
            var bytes = (byte[])good.Clone();
            for (var change = random.Next(1, 5); change > 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var cut = bytes.AsSpan(0, random.Next(4) == 0 ? random.Next(bytes.Length) : bytes.Length);
            var bitmap = ClipboardPictures.ToBitmap(cut);
            if (bitmap.Length > 0) DeviceBitmap.Read(bitmap);
        }
    }

    private static byte[] Sample()
    {
        var bitmap = new byte[DeviceBitmap.LengthOf(Width, Height)];
        var pixels = DeviceBitmap.WriteHeader(bitmap, Width, Height);
        var stride = pixels.Length / Height;
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width * 3; x++) pixels[(y * stride) + x] = (byte)((x * 7) + (y * 13));
        return bitmap;
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }
        return ~crc;
    }
}
