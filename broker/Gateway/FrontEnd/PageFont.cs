using System.Buffers.Binary;
using System.IO.Compression;

namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>A letter: how far the pen moves, where its ink lies relative to the pen on the base line, and the ink in 0 to 15.</summary>
internal sealed record PageLetter(int Advance, int Left, int Top, int Width, int Height, byte[] Ink);

/// <summary>One face of the letters the RDP pages are written in, drawn beforehand by <c>dev.cs page-fonts</c>.</summary>
internal sealed class PageFont
{
    private const char Unknown = '?';
    private static readonly Lazy<IReadOnlyDictionary<int, PageFont>> Faces = new(Load);

    private readonly Dictionary<char, PageLetter> _letters = [];

    /// <summary>For headings.</summary>
    public static PageFont Heading => Faces.Value[24];

    /// <summary>For sentences.</summary>
    public static PageFont Text => Faces.Value[17];

    /// <summary>For what is said beside.</summary>
    public static PageFont Small => Faces.Value[14];

    /// <summary>From base line to base line.</summary>
    public int LineHeight { get; private init; }

    public PageLetter this[char c] => _letters.TryGetValue(c, out var letter) ? letter : _letters[Unknown];

    public int Width(ReadOnlySpan<char> text)
    {
        var width = 0;
        foreach (var c in text) width += this[c].Advance;
        return width;
    }

    /// <summary>Breaks between words; a word that is longer than a line is broken where it must be.</summary>
    public IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var longer = line.Length == 0 ? word : $"{line} {word}";
            if (Width(longer) <= width)
            {
                line = longer;
                continue;
            }
            if (line.Length > 0) yield return line;
            line = word;
            while (Width(line) > width && line.Length > 1)
            {
                var fits = line.Length - 1;
                while (fits > 1 && Width(line.AsSpan(0, fits)) > width) fits--;
                yield return line[..fits];
                line = line[fits..];
            }
        }
        if (line.Length > 0) yield return line;
    }

    private static Dictionary<int, PageFont> Load()
    {
        using var packed = typeof(PageFont).Assembly.GetManifestResourceStream("page-fonts.bin")!;
        using var zlib = new ZLibStream(packed, CompressionMode.Decompress);
        using var plain = new MemoryStream();
        zlib.CopyTo(plain);
        var bytes = plain.GetBuffer().AsSpan(0, (int)plain.Length);
        var faces = new Dictionary<int, PageFont>();
        var (count, at) = (bytes[0], 1);
        for (; count > 0; count--)
        {
            var pixels = bytes[at];
            var letters = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 1)..]);
            at += 3;
            var face = new PageFont { LineHeight = (int)Math.Round(pixels * 1.45) };
            for (; letters > 0; letters--) at += face.Add(bytes[at..]);
            faces[pixels] = face;
        }
        return faces;
    }

    private int Add(ReadOnlySpan<byte> bytes)
    {
        const int header = 7;
        var ink = new byte[bytes[5] * bytes[6]];
        for (var i = 0; i < ink.Length; i++) ink[i] = (byte)((bytes[header + (i / 2)] >> (i % 2 == 0 ? 4 : 0)) & 0x0F);
        _letters[(char)BinaryPrimitives.ReadUInt16LittleEndian(bytes)] = new(bytes[2], (sbyte)bytes[3], (sbyte)bytes[4], bytes[5], bytes[6], ink);
        return header + ((ink.Length + 1) / 2);
    }
}
