using System.Buffers.Binary;
using System.IO.Compression;

namespace Montalegre.Vdi.Broker.Applications;

/// <summary>A PNG picture (W3C PNG, third edition) as an icon: small, square or nearly, and with nothing in it but the picture itself.</summary>
internal static class PngIcon
{
    public const int LongestFile = 64 * 1024;
    private const int LeastSide = 16, MostSide = 512;
    private const int MostChunks = 1000;
    private static readonly byte[] Signature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The picture with only the chunks that draw it; null, with the reason, for what is no such picture.</summary>
    public static byte[]? Read(ReadOnlySpan<byte> file, out string problem)
    {
        problem = "";
        if (file.Length > LongestFile) return Refuse(out problem, $"at most {LongestFile / 1024} KiB");
        if (!file.StartsWith(Signature)) return Refuse(out problem, "a PNG picture");
        var kept = new MemoryStream(file.Length);
        kept.Write(Signature);
        var picture = new MemoryStream();
        var rest = file[Signature.Length..];
        (int Width, int Height, int BitsPerPixel, bool Palette)? head = null;
        var hasPalette = false;
        for (var n = 0; n < MostChunks; n++)
        {
            if (rest.Length < 12) return Refuse(out problem, "a whole PNG picture");
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > (uint)(rest.Length - 12)) return Refuse(out problem, "a whole PNG picture");
            var chunk = rest[..(12 + (int)length)];
            var type = chunk.Slice(4, 4);
            var data = chunk[8..^4];
            if (Sum(chunk[4..^4]) != BinaryPrimitives.ReadUInt32BigEndian(chunk[^4..])) return Refuse(out problem, "a PNG picture that is not damaged");
            rest = rest[chunk.Length..];
            if (type.SequenceEqual("IHDR"u8) != (n == 0)) return Refuse(out problem, "a PNG picture");
            if (n == 0)
            {
                if (Header(data) is not { } read) return Refuse(out problem, $"a PNG picture of {LeastSide} to {MostSide} pixels a side");
                head = read;
            }
            else if (type.SequenceEqual("PLTE"u8)) hasPalette = length is > 0 and <= 768 && length % 3 == 0 && picture.Length == 0;
            else if (type.SequenceEqual("IDAT"u8)) picture.Write(data);
            else if (type.SequenceEqual("IEND"u8))
            {
                kept.Write(chunk);
                // What follows the end is no part of the picture, and of no use in an icon but to somebody who hides something.
                return rest.IsEmpty && head is { } h && (!h.Palette || hasPalette) && Unpacks(picture, h) ? kept.ToArray() : Refuse(out problem, "a whole PNG picture, with nothing after it");
            }
            else if (!type.SequenceEqual("tRNS"u8))
            {
                if ((type[0] & 0x20) == 0) return Refuse(out problem, "a PNG picture without unusual parts");      // critical, and not known
                continue;                                                                                           // texts, times, animations: left out
            }
            kept.Write(chunk);
        }
        return Refuse(out problem, "a PNG picture without unusual parts");
    }

    // CRC-32 of ISO 3309; at most 64 KiB of it.
    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var one in bytes)
        {
            sum ^= one;
            for (var bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ (0xEDB88320 & (uint)-(int)(sum & 1));
        }
        return ~sum;
    }

    private static byte[]? Refuse(out string problem, string wanted)
    {
        problem = wanted;
        return null;
    }

    private static (int Width, int Height, int BitsPerPixel, bool Palette)? Header(ReadOnlySpan<byte> data)
    {
        if (data.Length != 13) return null;
        var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(data), BinaryPrimitives.ReadUInt32BigEndian(data[4..]));
        if (width is < LeastSide or > MostSide || height is < LeastSide or > MostSide || width > 2 * height || height > 2 * width) return null;
        var samples = (data[9], data[8]) switch
        {
            (0, 1 or 2 or 4 or 8 or 16) => 1, (2, 8 or 16) => 3, (3, 1 or 2 or 4 or 8) => 1, (4, 8 or 16) => 2, (6, 8 or 16) => 4,
            _ => 0,
        };
        // Compression and filter have one method; interlaced ones come in seven pieces, and nobody needs them here.
        return samples == 0 || data[10] != 0 || data[11] != 0 || data[12] != 0 ? null : ((int)width, (int)height, samples * data[8], data[9] == 3);
    }

    // Exactly as many bytes as the header says, and not one is unpacked more: a small file may hold gigabytes.
    private static bool Unpacks(MemoryStream picture, (int Width, int Height, int BitsPerPixel, bool Palette) head)
    {
        var line = 1 + (head.Width * head.BitsPerPixel + 7) / 8;
        var row = new byte[line];
        picture.Position = 0;
        try
        {
            using var pixels = new ZLibStream(picture, CompressionMode.Decompress);
            for (var y = 0; y < head.Height; y++)
            {
                pixels.ReadExactly(row);
                if (row[0] > 4) return false;
            }
            return pixels.ReadByte() == -1;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException) { return false; }
    }
}
