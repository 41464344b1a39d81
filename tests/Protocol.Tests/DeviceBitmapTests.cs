using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Clipboard;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class DeviceBitmapTests
{
    private static readonly byte[] Black = [0, 0, 0], Yellow = [255, 255, 0];

    [Fact]
    public void Rows_come_from_the_top_whichever_way_they_are_stored()
    {
        Assert.Equal([0xFF, 0, 0, 0, 0xFF, 0], Row(BitmapSamples.TwoByTwo, 0));
        Assert.Equal([0, 0, 0xFF, 0xFF, 0xFF, 0xFF], Row(BitmapSamples.TwoByTwo, 1));
        Assert.Equal(Enumerable.Range(0, 9).SelectMany(x => x % 2 == 0 ? Black : Yellow), Row(BitmapSamples.OneBit, 0));
    }

    [Fact]
    public void Masks_stand_behind_a_plain_header_and_inside_a_longer_one()
    {
        Assert.Equal([0xFF, 0, 0, 0, 0x81, 0], Row(BitmapSamples.Masked, 0));
        Assert.Equal([0x11, 0x22, 0x33], Row(BitmapSamples.Version5, 0));
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var bitmap = new byte[DeviceBitmap.LengthOf(2, 2)];
        BitmapSamples.TwoByTwo.AsSpan(40).CopyTo(DeviceBitmap.WriteHeader(bitmap, 2, 2));
        Assert.Equal(BitmapSamples.TwoByTwo, bitmap);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        foreach (var good in new[] { BitmapSamples.TwoByTwo, BitmapSamples.OneBit, BitmapSamples.Masked, BitmapSamples.Version5 })
            for (var length = 0; length < good.Length; length++)
                Assert.Throws<WireFormatException>(() => { DeviceBitmap.Read(good.AsSpan(0, length)); });
    }

    [Theory]
    [InlineData(4, 0xFF)]       // 4 billion pixels wide
    [InlineData(14, 7)]         // seven bits a pixel
    [InlineData(16, 1)]         // run length compression
    [InlineData(33, 0x10)]      // a palette of 4,096 colours
    public void What_no_clipboard_holds_is_refused(int at, byte value)
    {
        var bitmap = (byte[])BitmapSamples.TwoByTwo.Clone();
        bitmap[at] = value;
        if (at == 4) bitmap[7] = 0x7F;
        Assert.Throws<WireFormatException>(() => { DeviceBitmap.Read(bitmap); });
    }

    private static byte[] Row(byte[] bitmap, int row)
    {
        var picture = DeviceBitmap.Read(bitmap);
        var rgb = new byte[picture.Width * 3];
        picture.ReadRow(row, rgb);
        return rgb;
    }
}
