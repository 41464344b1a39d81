using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Montalegre.Vdi.Rig.Fonts;

/// <summary>
/// Draws the letters of the gateway's RDP pages from Debian's DejaVu with ImageMagick into the one small file the gateway
/// carries, so that it needs no font library at run time. Run once when a letter or a size is missing; the file is committed.
/// </summary>
public static class PageFonts
{
    /// <summary>The file, below the checkout.</summary>
    public const string File = "broker/Gateway/FrontEnd/page-fonts.bin";

    private const int Cell = 64;
    private const int Left = 12;
    private const int Baseline = 44;
    private const int Columns = 16;

    private static readonly (string Font, int Pixels)[] Faces = [("DejaVu-Sans-Bold", 24), ("DejaVu-Sans", 17), ("DejaVu-Sans", 14)];

    private static string Letters { get; } =
        string.Concat(Enumerable.Range(0x20, 0x5F).Concat(Enumerable.Range(0xA0, 0x60)).Select(c => (char)c)) + "–—‘’“”…•€·";

    /// <summary>Writes the file anew.</summary>
    public static async Task DrawAsync(CancellationToken ct)
    {
        using var plain = new MemoryStream();
        await using (var w = new BinaryWriter(plain, Encoding.UTF8, leaveOpen: true))
        {
            w.Write((byte)Faces.Length);
            foreach (var (font, pixels) in Faces) await DrawFaceAsync(w, font, pixels, ct);
        }
        await using var file = System.IO.File.Create(Checkout.Path(File));
        await using var packed = new ZLibStream(file, CompressionLevel.SmallestSize);
        await packed.WriteAsync(plain.ToArray(), ct);
    }

    private static async Task DrawFaceAsync(BinaryWriter w, string font, int pixels, CancellationToken ct)
    {
        var letters = Letters.Distinct().Order().ToArray();
        var (width, height) = (Columns * Cell, (letters.Length + Columns - 1) / Columns * Cell);
        var picture = Path.GetTempFileName();
        var arguments = new List<string>
        {
            "-debug", "annotate", "-background", "black", "-fill", "white", "-font", font, "-pointsize", $"{pixels}", "-size", $"{width}x{height}", "xc:black",
        };
        for (var i = 0; i < letters.Length; i++)
            arguments.AddRange(["-annotate", $"+{(i % Columns * Cell) + Left}+{(i / Columns * Cell) + Baseline}", letters[i] switch { ' ' => "\u00A0", '%' => "%%", '\\' => "\\\\", '@' => "\\@", var c => $"{c}" }]);
        arguments.AddRange(["-colorspace", "gray", "-depth", "8", $"gray:{picture}"]);

        var metrics = await MetricsAsync(arguments, ct);
        if (metrics.Count != letters.Length) throw new SetUpException($"ImageMagick measured {metrics.Count} of {letters.Length} letters of {font}; install imagemagick and fonts-dejavu-core.");
        var ink = await System.IO.File.ReadAllBytesAsync(picture, ct);
        System.IO.File.Delete(picture);

        w.Write((byte)pixels);
        w.Write((ushort)letters.Length);
        for (var i = 0; i < letters.Length; i++) WriteLetter(w, letters[i], metrics[i], ink, width, i % Columns * Cell, i / Columns * Cell);
    }

    private static async Task<List<int>> MetricsAsync(List<string> arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo("/usr/bin/convert", arguments) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var said = await process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        return [.. said.Split('\n').Where(l => l.Contains("Metrics:", StringComparison.Ordinal))
            .Select(l => l[(l.IndexOf("; width: ", StringComparison.Ordinal) + 9)..])
            .Select(l => (int)Math.Round(double.Parse(l[..l.IndexOf(';', StringComparison.Ordinal)], CultureInfo.InvariantCulture)))];
    }

    /// <summary>Code, advance, place of the ink relative to the pen, its size, and four bits a pixel.</summary>
    private static void WriteLetter(BinaryWriter w, char letter, int advance, byte[] ink, int stride, int cellX, int cellY)
    {
        int left = Cell, top = Cell, right = -1, bottom = -1;
        for (var y = 0; y < Cell; y++)
            for (var x = 0; x < Cell; x++)
                if (At(x, y) > 0) (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x), Math.Max(bottom, y));
        if (right < 0) (left, top, right, bottom) = (Left, Baseline, Left - 1, Baseline - 1);

        w.Write((ushort)letter);
        w.Write((byte)advance);
        w.Write((sbyte)(left - Left));
        w.Write((sbyte)(top - Baseline));
        w.Write((byte)(right - left + 1));
        w.Write((byte)(bottom - top + 1));
        var held = -1;
        for (var y = top; y <= bottom; y++)
        {
            for (var x = left; x <= right; x++)
            {
                if (held < 0) held = At(x, y);
                else
                {
                    w.Write((byte)((held << 4) | At(x, y)));
                    held = -1;
                }
            }
        }
        if (held >= 0) w.Write((byte)(held << 4));

        int At(int x, int y) => (ink[((cellY + y) * stride) + cellX + x] + 8) / 17;
    }
}
