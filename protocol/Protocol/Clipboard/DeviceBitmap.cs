using System.Buffers.Binary;
using System.Numerics;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Clipboard;

/// <summary>
/// A Windows bitmap as clipboards carry it (CF_DIB): DeviceIndependentBitmap without a file header, MS-WMF 2.2.2.9, its
/// headers 2.2.2.3 to 2.2.2.5. Not compressed, 1 to 32 bits a pixel; transparency is not looked at, since most writers leave rubbish there.
/// </summary>
public readonly ref struct DeviceBitmap
{
    /// <summary>Our limit, a little more than 5120 x 2880.</summary>
    public const int MostPixels = 16 * 1024 * 1024;

    /// <summary>Our limit for one in bytes: 3840 x 2160 with 32 bits a pixel.</summary>
    public const int Longest = 32 * 1024 * 1024;

    private const int InfoHeader = 40, MasksEnd = 52;
    private const uint Plain = 0, BitFields = 3;
    private static readonly int[] Headers = [InfoHeader, MasksEnd, 56, 108, 124];

    private readonly ReadOnlySpan<byte> _palette;
    private readonly ReadOnlySpan<byte> _pixels;
    private readonly int _stride;
    private readonly int _bits;
    private readonly bool _fromTop;
    private readonly Channel _red, _green, _blue;

    private DeviceBitmap(int width, int height, bool fromTop, int bits, (uint Red, uint Green, uint Blue) masks, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> pixels)
    {
        (Width, Height, _fromTop, _bits) = (width, height, fromTop, bits);
        (_red, _green, _blue) = (new(masks.Red), new(masks.Green), new(masks.Blue));
        _palette = palette;
        _pixels = pixels;
        _stride = Stride(width, bits);
    }

    public int Width { get; }

    public int Height { get; }

    public static DeviceBitmap Read(ReadOnlySpan<byte> bitmap)
    {
        var r = new WireReader(bitmap, nameof(DeviceBitmap));
        var header = r.ReadUInt32("biSize");
        if (!Headers.Contains((int)header)) WireFormatException.Throw(nameof(DeviceBitmap), "biSize", $"is {header}");
        var (width, height) = ((int)r.ReadUInt32("biWidth"), (int)r.ReadUInt32("biHeight"));
        if (width <= 0 || height is 0 or int.MinValue || (long)width * Math.Abs(height) > MostPixels) WireFormatException.Throw(nameof(DeviceBitmap), "biWidth", $"{width} x {height}");
        _ = r.ReadUInt16("biPlanes");
        var (bits, compression) = (r.ReadUInt16("biBitCount"), r.ReadUInt32("biCompression"));
        if (bits is not (1 or 4 or 8 or 16 or 24 or 32)) WireFormatException.Throw(nameof(DeviceBitmap), "biBitCount", $"is {bits}");
        if (compression != Plain && (compression != BitFields || bits is not (16 or 32))) WireFormatException.Throw(nameof(DeviceBitmap), "biCompression", $"is {compression} with {bits} bits");
        _ = r.ReadBytes(12, "biSizeImage");
        var colours = r.ReadUInt32("biClrUsed");
        _ = r.ReadBytes(4, "biClrImportant");
        // A plain header has its masks behind it, a longer one in it.
        var masks = bits == 16 ? (0x7C00u, 0x03E0u, 0x001Fu) : (0xFF0000u, 0x00FF00u, 0x0000FFu);
        var left = (int)header - InfoHeader;
        if (compression == BitFields)
        {
            masks = (r.ReadUInt32("redMask"), r.ReadUInt32("greenMask"), r.ReadUInt32("blueMask"));
            left = Math.Max(0, left - 12);
        }
        _ = r.ReadBytes(left, "header");
        if (bits <= 8 && colours == 0) colours = 1u << bits;
        if (colours > 256) WireFormatException.Throw(nameof(DeviceBitmap), "biClrUsed", $"is {colours}");
        var palette = r.ReadBytes((int)colours * 4, "palette");
        return new(width, Math.Abs(height), height < 0, bits, masks, palette, r.ReadBytes(Stride(width, bits) * Math.Abs(height), "pixels"));
    }

    /// <summary>One row, counted from the top, as R, G, B. A colour that the palette has not is black.</summary>
    public void ReadRow(int row, Span<byte> rgb)
    {
        var from = _pixels.Slice((_fromTop ? row : Height - 1 - row) * _stride, _stride);
        for (var x = 0; x < Width; x++)
        {
            var to = rgb.Slice(x * 3, 3);
            switch (_bits)
            {
                case 24: (to[0], to[1], to[2]) = (from[(x * 3) + 2], from[(x * 3) + 1], from[x * 3]); break;
                case 32: Masked(BinaryPrimitives.ReadUInt32LittleEndian(from[(x * 4)..]), to); break;
                case 16: Masked(BinaryPrimitives.ReadUInt16LittleEndian(from[(x * 2)..]), to); break;
                default:
                    var perByte = 8 / _bits;
                    var index = (from[x / perByte] >> (8 - _bits - (x % perByte * _bits))) & ((1 << _bits) - 1);
                    if (index * 4 < _palette.Length) (to[0], to[1], to[2]) = (_palette[(index * 4) + 2], _palette[(index * 4) + 1], _palette[index * 4]);
                    else to.Clear();
                    break;
            }
        }
    }

    /// <summary>Length of a bitmap of 24 bits a pixel, header included.</summary>
    public static long LengthOf(int width, int height) => InfoHeader + ((long)Stride(width, 24) * height);

    /// <summary>
    /// Writes the header of a bitmap of 24 bits a pixel; answers where its pixels go. Those are B, G, R, rows from the bottom,
    /// each filled up to a multiple of four bytes.
    /// </summary>
    public static Span<byte> WriteHeader(Span<byte> bitmap, int width, int height)
    {
        bitmap[..InfoHeader].Clear();
        var w = new WireWriter(bitmap[..InfoHeader], nameof(DeviceBitmap));
        w.WriteUInt32(InfoHeader);
        w.WriteUInt32((uint)width);
        w.WriteUInt32((uint)height);
        w.WriteUInt16(1);                                       // biPlanes
        w.WriteUInt16(24);                                      // biBitCount
        w.WriteUInt32(Plain);
        w.WriteUInt32((uint)(Stride(width, 24) * height));      // biSizeImage
        return bitmap[InfoHeader..];
    }

    private void Masked(uint value, Span<byte> to) => (to[0], to[1], to[2]) = (_red.Of(value), _green.Of(value), _blue.Of(value));

    // Within int: a row is at most MostPixels of 32 bits, and a whole bitmap too.
    private static int Stride(int width, int bits) => (int)((((long)width * bits) + 31) / 32 * 4);

    /// <summary>One colour's bits in a pixel, brought to eight.</summary>
    private readonly struct Channel(uint mask)
    {
        private readonly int _shift = mask == 0 ? 0 : BitOperations.TrailingZeroCount(mask);

        public byte Of(uint pixel)
        {
            var most = mask >> _shift;
            return most == 0 ? (byte)0 : (byte)((ulong)((pixel & mask) >> _shift) * 255 / most);
        }
    }
}
