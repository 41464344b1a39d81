using System.Buffers;

namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>Pixels to draw on, 0xRRGGBB, row by row from the top; rented, so that it is disposed soon.</summary>
internal sealed class Canvas : IDisposable
{
    private readonly int[] _pixels;

    public Canvas(int width, int height, int color)
    {
        Width = width;
        Height = height;
        _pixels = ArrayPool<int>.Shared.Rent(width * height);
        _pixels.AsSpan(0, width * height).Fill(color);
    }

    public int Width { get; }

    public int Height { get; }

    public int this[int x, int y] => _pixels[(y * Width) + x];

    public void Dispose() => ArrayPool<int>.Shared.Return(_pixels);

    /// <summary>Fills a rectangle whose edges may lie within pixels; such pixels are mixed.</summary>
    public void Fill(double left, double top, double right, double bottom, int color)
    {
        for (var y = Math.Max(0, (int)top); y < Math.Min(Height, (int)Math.Ceiling(bottom)); y++)
        {
            var covered = Math.Min(bottom, y + 1) - Math.Max(top, y);
            for (var x = Math.Max(0, (int)left); x < Math.Min(Width, (int)Math.Ceiling(right)); x++)
                Mix(x, y, color, covered * (Math.Min(right, x + 1) - Math.Max(left, x)));
        }
    }

    /// <summary>Fills a rectangle with round corners.</summary>
    public void FillRound(int left, int top, int right, int bottom, double radius, int color)
    {
        for (var y = top; y < bottom; y++)
            for (var x = left; x < right; x++)
                Mix(x, y, color, Covered(x, y));

        double Covered(int x, int y)
        {
            var nearX = Math.Clamp(x + 0.5, left + radius, right - radius);
            var nearY = Math.Clamp(y + 0.5, top + radius, bottom - radius);
            var distance = Math.Sqrt(((x + 0.5 - nearX) * (x + 0.5 - nearX)) + ((y + 0.5 - nearY) * (y + 0.5 - nearY)));
            return Math.Clamp(radius + 0.5 - distance, 0, 1);
        }
    }

    /// <summary>Writes one line, its base line at <paramref name="y"/>; answers where the pen is then.</summary>
    public int Write(ReadOnlySpan<char> text, int x, int y, PageFont font, int color)
    {
        foreach (var c in text)
        {
            var letter = font[c];
            for (var row = 0; row < letter.Height; row++)
                for (var column = 0; column < letter.Width; column++)
                    Mix(x + letter.Left + column, y + letter.Top + row, color, letter.Ink[(row * letter.Width) + column] / 15.0);
            x += letter.Advance;
        }
        return x;
    }

    private void Mix(int x, int y, int color, double part)
    {
        if (part <= 0 || x < 0 || y < 0 || x >= Width || y >= Height) return;
        ref var pixel = ref _pixels[(y * Width) + x];
        if (part >= 1)
        {
            pixel = color;
            return;
        }
        var below = pixel;
        pixel = (Channel(16) << 16) | (Channel(8) << 8) | Channel(0);

        int Channel(int shift) => (int)Math.Round((((below >> shift) & 0xFF) * (1 - part)) + (((color >> shift) & 0xFF) * part));
    }
}
