using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Pictures;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.RdpWorker.Tests;

/// <summary>Pictures through the encoder and out of a browser's hands again; interface and text must come out pixel for pixel.</summary>
public sealed class FrameEncoderTests : IDisposable
{
    private const int Width = 800, Height = 600;
    private readonly byte[] _picture = new byte[Width * Height * 4];
    private readonly Screen _screen = new(Width, Height);
    private readonly DrawnScreen _drawn = new(Width, Height);
    private readonly FrameEncoder _encoder;
    private uint _id = 1;

    public FrameEncoderTests()
    {
        Shim.Require();
        _encoder = new(1024);
    }

    public void Dispose() => _encoder.Dispose();

    [Fact]
    public void Text_arrives_pixel_for_pixel()
    {
        Text(seed: 1, 0, 0, Width, Height);
        SendAll();
        AssertExact();
        Assert.False(_drawn.Drawn.ContainsKey(FrameOp.Jpeg));
    }

    [Fact]
    public void Edges_that_are_no_whole_tile_arrive_too()
    {
        Fill(0, 0, Width, Height, 0x102030);
        Fill(Width - 5, Height - 5, 5, 5, 0xFFFFFF);
        SendAll();
        AssertExact();
    }

    [Fact]
    public void Only_what_changed_is_sent()
    {
        Text(seed: 2, 0, 0, Width, Height);
        SendAll();
        Fill(100, 100, 2, 20, 0xFF0000);        // a caret
        _screen.Mark(0, 0, Width, Height);
        var bytes = SendAll();
        AssertExact();
        Assert.InRange(bytes, 1, 2500);
        _screen.Mark(0, 0, Width, Height);
        Assert.Equal(0, SendAll());
    }

    [Fact]
    public void Scrolled_text_is_moved_and_not_sent_again()
    {
        Text(seed: 3, 64, 64, 640, 448);
        var first = SendAll();
        ScrollUp(64, 64, 640, 448, 19);
        Text(seed: 4, 64, 64 + 448 - 19, 640, 19);
        _screen.Mark(64, 64, 640, 448);
        var bytes = SendAll();
        AssertExact();
        Assert.True(_drawn.Drawn.GetValueOrDefault(FrameOp.Copy) > 0, "nothing was moved");
        Assert.True(bytes < first / 6, $"{bytes} bytes after {first}");
    }

    [Fact]
    public void Scrolling_both_ways_and_out_of_line_with_tiles_stays_exact()
    {
        Text(seed: 5, 30, 41, 611, 500);
        SendAll();
        foreach (var shift in new[] { 7, 33, -13, -50, 100, 3 })
        {
            if (shift > 0) { ScrollUp(30, 41, 611, 500, shift); Text(shift, 30, 541 - shift, 611, shift); }
            else { ScrollDown(30, 41, 611, 500, -shift); Text(-shift, 30, 41, 611, -shift); }
            _screen.Mark(30, 41, 611, 500);
            SendAll();
            AssertExact();
        }
    }

    [Fact]
    public void Tile_that_was_seen_before_costs_a_few_bytes()
    {
        Text(seed: 6, 0, 0, Width, Height);
        SendAll();
        Fill(0, 0, Width, Height, 0x445566);
        _screen.Mark(0, 0, Width, Height);
        SendAll();
        Text(seed: 6, 0, 0, Width, Height);
        _screen.Mark(0, 0, Width, Height);
        var bytes = SendAll();
        AssertExact();
        Assert.True(_drawn.Drawn[FrameOp.Cached] > 50, $"{bytes} bytes");
        Assert.InRange(bytes, 1, 2000);
    }

    [Fact]
    public void Photo_goes_with_losses_first_and_exactly_once_it_is_still()
    {
        Photo(seed: 7, 128, 64, 512, 384);
        SendAll();
        Assert.True(_drawn.Drawn[FrameOp.Jpeg] > 0);
        Assert.True(_screen.LossyTiles > 0);
        for (var round = 0; round < 20 && _screen.LossyTiles > 0; round++)
            Picture.Over(_picture, Width, Height, p => Draw(Buffer(out var to), _encoder.Refine(p, _screen, _id++, long.MaxValue, to)));
        Assert.Equal(0, _screen.LossyTiles);
        AssertExact();
    }

    [Fact]
    public void Big_noisy_picture_comes_in_parts_within_their_bounds()
    {
        Text(seed: 8, 0, 0, Width, Height);
        Noise(seed: 9, 0, 0, Width, 100);
        var parts = 0;
        SendAll(_ => parts++);
        Assert.True(parts > 1);
        Assert.Equal(0, _screen.DirtyTiles);
    }

    [Fact]
    public void A_random_day_at_the_desk_ends_with_the_right_picture()
    {
        var random = new Random(20261126);
        for (var step = 0; step < 120; step++)
        {
            var (x, y) = (random.Next(Width - 50), random.Next(Height - 50));
            var (w, h) = (random.Next(1, Width - x), random.Next(1, Height - y));
            switch (random.Next(4))
            {
                case 0: Fill(x, y, w, h, random.Next(0xFFFFFF)); break;
                case 1: Text(step, x, y, w, h); break;
                case 2 when h > 40: ScrollUp(x, y, w, h, random.Next(1, 30)); break;
                case 3 when h > 40: ScrollDown(x, y, w, h, random.Next(1, 30)); break;
            }
            _screen.Mark(x, y, w, h);
            SendAll();
        }
        for (var round = 0; round < 20 && _screen.LossyTiles > 0; round++)
            Picture.Over(_picture, Width, Height, p => Draw(Buffer(out var to), _encoder.Refine(p, _screen, _id++, long.MaxValue, to)));
        AssertExact();
    }

    private static byte[] Buffer(out byte[] same) => same = new byte[FrameEncoder.LongestMessage];

    private long SendAll(Action<FrameMessage>? each = null)
    {
        long bytes = 0;
        var more = true;
        while (more)
        {
            Picture.Over(_picture, Width, Height, p =>
            {
                var buffer = Buffer(out var to);
                var length = _encoder.Encode(p, _screen, _id++, 1, to, out more);
                bytes += length;
                if (length > 0) each?.Invoke(FrameMessage.Read(buffer.AsMemory(0, length)));
                Draw(buffer, length);
            });
        }
        return bytes;
    }

    private void Draw(byte[] buffer, int length)
    {
        Assert.InRange(length, 0, Html5Limits.LongestToBrowser);
        if (length > 0) _drawn.Draw(FrameMessage.Read(buffer.AsMemory(0, length)));
    }

    private void AssertExact()
    {
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
                if (_drawn.At(x, y) != Pixel(x, y)) Assert.Fail($"{x},{y} shows {_drawn.At(x, y):X6} and should show {Pixel(x, y):X6}");
    }

    private int Pixel(int x, int y)
    {
        var at = ((y * Width) + x) * 4;
        return (_picture[at + 2] << 16) | (_picture[at + 1] << 8) | _picture[at];
    }

    private void Set(int x, int y, int colour)
    {
        var at = ((y * Width) + x) * 4;
        (_picture[at], _picture[at + 1], _picture[at + 2], _picture[at + 3]) = ((byte)colour, (byte)(colour >> 8), (byte)(colour >> 16), (byte)(x * 31));   // the last byte says nothing
    }

    private void Fill(int x, int y, int w, int h, int colour)
    {
        for (var row = y; row < y + h; row++) for (var column = x; column < x + w; column++) Set(column, row, colour);
    }

    /// <summary>Dark strokes on a light ground, in a few shades, as smoothed letters are.</summary>
    private void Text(int seed, int x, int y, int w, int h)
    {
        var random = new Random(seed);
        for (var row = y; row < y + h; row++)
            for (var column = x; column < x + w; column++) Set(column, row, random.Next(4) != 0 ? 0xF8F8F0 : 0x101010 * random.Next(12));
    }

    private void Photo(int seed, int x, int y, int w, int h)
    {
        var random = new Random(seed);
        for (var row = y; row < y + h; row++)
            for (var column = x; column < x + w; column++)
                Set(column, row, ((column - x) * 255 / w << 16) | ((row - y) * 255 / h << 8) | (((column + row) / 4 + random.Next(3)) & 0xFF));
    }

    private void Noise(int seed, int x, int y, int w, int h)
    {
        var random = new Random(seed);
        for (var row = y; row < y + h; row++) for (var column = x; column < x + w; column++) Set(column, row, random.Next(0xFFFFFF));
    }

    private void ScrollUp(int x, int y, int w, int h, int by)
    {
        for (var row = y; row < y + h - by; row++) for (var column = x; column < x + w; column++) Set(column, row, Pixel(column, row + by));
    }

    private void ScrollDown(int x, int y, int w, int h, int by)
    {
        for (var row = y + h - 1; row >= y + by; row--) for (var column = x; column < x + w; column++) Set(column, row, Pixel(column, row - by));
    }
}
