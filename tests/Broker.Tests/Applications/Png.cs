using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Montalegre.Vdi.Broker.Tests.Applications;

/// <summary>PNG pictures made by hand, good and bad.</summary>
internal static class Png
{
    private static readonly byte[] Signature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>One colour, 8 bits each of red, green, blue and opacity.</summary>
    public static byte[] Of(int width = 32, int height = 32, uint colour = 0x3366CCFF, params byte[][] further)
    {
        var row = new byte[1 + 4 * width];
        for (var x = 0; x < width; x++) BinaryPrimitives.WriteUInt32BigEndian(row.AsSpan(1 + 4 * x), colour);
        return File(Chunk("IHDR", Header(width, height)), [.. further], Chunk("IDAT", Packed(Enumerable.Repeat(row, height))), Chunk("IEND", []));
    }

    public static byte[] File(byte[] first, byte[][] further, params byte[][] rest) => [.. Signature, .. first, .. further.SelectMany(c => c), .. rest.SelectMany(c => c)];

    public static byte[] Header(int width, int height, byte depth = 8, byte colour = 6, byte interlace = 0)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (depth, colour, interlace);
        return header;
    }

    public static byte[] Packed(IEnumerable<byte[]> rows)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize)) foreach (var row in rows) zlib.Write(row);
        return packed.ToArray();
    }

    public static byte[] Chunk(string type, byte[] data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Sum(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    /// <summary>Gives every part of a bent file its right sum again.</summary>
    public static void Repair(List<byte> file)
    {
        var bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(file);
        for (var at = Signature.Length; at + 12 <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
            if (length > bytes.Length - at - 12) return;
            BinaryPrimitives.WriteUInt32BigEndian(bytes[(at + 8 + (int)length)..], Sum(bytes.Slice(at + 4, 4 + (int)length)));
            at += 12 + (int)length;
        }
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var one in bytes)
        {
            sum ^= one;
            for (var bit = 0; bit < 8; bit++) sum = (sum & 1) == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB88320;
        }
        return ~sum;
    }
}
