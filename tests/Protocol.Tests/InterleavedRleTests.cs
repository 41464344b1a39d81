using Montalegre.Vdi.Protocol.FrontEnd;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

/// <summary>What is compressed comes out of a decoder written from MS-RDPBCGR 3.1.9 again, with all its quirks.</summary>
public sealed class InterleavedRleTests
{
    public static TheoryData<string> Pictures => ["flat", "stripes", "columns", "noise", "text", "one row"];

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Picture_survives_at_24_bits(string name)
    {
        var (rows, width) = Picture(name);
        Assert.Equal(rows, Decode(Compress(rows, width, 3), width, rows.Length, 3));
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Picture_survives_at_16_bits_but_for_the_bits_that_are_not_there(string name)
    {
        var (rows, width) = Picture(name);
        Assert.Equal([.. rows.Select(p => p & 0xF8FCF8)], Decode(Compress(rows, width, 2), width, rows.Length, 2));
    }

    [Fact]
    public void Flat_square_is_a_handful_of_bytes() => Assert.InRange(Compress(Picture("flat").Rows, 64, 3).Length, 1, 12);

    private static byte[] Compress(int[] rows, int width, int bytesPerPixel)
    {
        var w = new WireWriter(new byte[FrontEndSequence.LongestOutput], "Test");
        InterleavedRle.Compress(rows, width, bytesPerPixel, ref w);
        return w.WrittenSpan.ToArray();
    }

    private static (int[] Rows, int Width) Picture(string name)
    {
        var random = new Random(7);
        return name switch
        {
            "flat" => (Enumerable.Repeat(0xF3F1ED, 64 * 64).ToArray(), 64),
            "stripes" => (Enumerable.Range(0, 64 * 64).Select(i => i / 64 % 3 * 0x203040).ToArray(), 64),
            "columns" => (Enumerable.Range(0, 64 * 64).Select(i => i % 64 / 5 * 0x0A0B0C).ToArray(), 64),
            "noise" => (Enumerable.Range(0, 60 * 50).Select(_ => random.Next(0x1000000)).ToArray(), 60),
            "text" => (Enumerable.Range(0, 64 * 64).Select(_ => random.Next(4) == 0 ? 0x23262B : 0xFFFFFF).ToArray(), 64),
            _ => (Enumerable.Range(0, 40).Select(i => i / 20 * 0x404040).ToArray(), 40),
        };
    }

    private static int[] Decode(byte[] bytes, int width, int length, int bytesPerPixel)
    {
        var pixels = new List<int>();
        var insertForeground = false;
        for (var at = 0; at < bytes.Length;)
        {
            var firstLine = pixels.Count < width;
            if (pixels.Count == width) insertForeground = false;
            var header = bytes[at++];
            var (order, count) = header >= 0xF0 ? (header & 0x0F, 0) : (header >> 5, header & 0x1F);
            if (header >= 0xF0)
            {
                count = bytes[at] | (bytes[at + 1] << 8);
                at += 2;
            }
            else if (count == 0) count = bytes[at++] + 32;
            switch (order)
            {
                case 0:
                    if (insertForeground)
                    {
                        pixels.Add((firstLine ? 0 : pixels[^width]) ^ 0xFFFFFF);
                        count--;
                    }
                    for (; count > 0; count--) pixels.Add(firstLine ? 0 : pixels[^width]);
                    insertForeground = true;
                    continue;
                case 3:
                    pixels.AddRange(Enumerable.Repeat(Pixel(ref at), count));
                    break;
                case 4:
                    for (; count > 0; count--) pixels.Add(Pixel(ref at));
                    break;
                default:
                    Assert.Fail($"Order {order} is not one of ours.");
                    break;
            }
            insertForeground = false;
        }
        Assert.Equal(length, pixels.Count);
        return [.. pixels];

        int Pixel(ref int at)
        {
            var value = bytes[at] | (bytes[at + 1] << 8) | (bytesPerPixel == 3 ? bytes[at + 2] << 16 : 0);
            at += bytesPerPixel;
            return bytesPerPixel == 3 ? value : ((value & 0xF800) << 8) | ((value & 0x07E0) << 5) | ((value & 0x001F) << 3);
        }
    }
}
