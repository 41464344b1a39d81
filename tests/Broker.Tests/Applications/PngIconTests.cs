using System.Text;
using Montalegre.Vdi.Broker.Applications;
using Montalegre.Vdi.Fuzz.Fuzzing;

namespace Montalegre.Vdi.Broker.Tests.Applications;

public sealed class PngIconTests
{
    [Fact]
    public void Picture_keeps_what_draws_it_and_loses_the_rest()
    {
        var text = Png.Chunk("tEXt", Encoding.ASCII.GetBytes("Comment\0<script>alert(1)</script>"));
        var kept = PngIcon.Read(Png.Of(further: [text, Png.Chunk("tIME", new byte[7]), Png.Chunk("acTL", new byte[8])]), out var problem);
        Assert.Equal(("", Convert.ToHexString(Png.Of())), (problem, Convert.ToHexString(kept!)));

        var palette = Png.File(Png.Chunk("IHDR", Png.Header(16, 16, depth: 4, colour: 3)), [Png.Chunk("PLTE", [0, 0, 0, 255, 255, 255]), Png.Chunk("tRNS", [0])], Png.Chunk("IDAT", Png.Packed(Enumerable.Repeat(new byte[9], 16))), Png.Chunk("IEND", []));
        Assert.Equal(palette, PngIcon.Read(palette, out _));
    }

    [Fact]
    public void What_is_no_small_whole_picture_is_refused()
    {
        byte[] Head(int width, int height, byte depth = 8, byte colour = 6, byte interlace = 0) => Png.Chunk("IHDR", Png.Header(width, height, depth, colour, interlace));
        var (end, rows) = (Png.Chunk("IEND", []), Png.Chunk("IDAT", Png.Packed(Enumerable.Repeat(new byte[129], 32))));
        foreach (var (what, file) in new (string, byte[])[]
        {
            ("svg", Encoding.UTF8.GetBytes("<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>")), ("nothing", []), ("too long", Png.Of(further: [Png.Chunk("tEXt", new byte[70_000])])), ("tail", [.. Png.Of(), 0]), ("page after it", [.. Png.Of(), .. "<html>"u8]),
            ("no head", Png.File(rows, [], end)), ("two heads", Png.File(Head(32, 32), [Head(32, 32)], rows, end)), ("small", Png.File(Head(15, 32), [], rows, end)), ("wide", Png.Of(64, 16)), ("large", Png.File(Head(513, 513), [], rows, end)),
            ("huge", Png.File(Head(int.MaxValue, int.MaxValue), [], rows, end)), ("no depth", Png.File(Head(32, 32, depth: 3), [], rows, end)), ("interlaced", Png.File(Head(32, 32, interlace: 1), [], rows, end)), ("no palette", Png.File(Head(32, 32, colour: 3), [], rows, end)),
            ("unknown critical", Png.Of(further: [Png.Chunk("ABCD", [1])])), ("no rows", Png.File(Head(32, 32), [], end)), ("few rows", Png.File(Head(32, 32), [], Png.Chunk("IDAT", Png.Packed(Enumerable.Repeat(new byte[129], 31))), end)),
            ("no end", Png.File(Head(32, 32), [], rows)), ("bomb", Png.File(Head(32, 32), [], Png.Chunk("IDAT", Png.Packed(Enumerable.Repeat(new byte[1 << 20], 40))), end)), ("many parts", Png.Of(further: [.. Enumerable.Repeat(Png.Chunk("tEXt", []), 2000)])),
        }) Assert.True(PngIcon.Read(file, out var problem) is null && problem.Length > 0, what);
        var damaged = Png.Of();
        damaged[^20] ^= 1;
        Assert.Null(PngIcon.Read(damaged, out _));
        for (var length = 0; length < damaged.Length; length++) Assert.Null(PngIcon.Read(Png.Of().AsSpan(0, length), out _));
    }

    // INVARIANT: what is kept is taken again as it is.
    [Fact]
    public void Bent_pictures_are_taken_or_refused_and_what_is_kept_is_a_picture()
    {
        var parser = new Parser("png", [Png.Of(), Png.Of(16, 24, 0xFF000080), Png.Of(further: [Png.Chunk("tEXt", [65, 0, 66])])], bytes =>
        {
            if (PngIcon.Read(bytes, out _) is { } kept && !kept.AsSpan().SequenceEqual(PngIcon.Read(kept, out _))) throw new InvalidOperationException("It is not taken again.");
        }) { IsRefusal = _ => false, Repair = Png.Repair };
        Assert.Null(FuzzRun.Run(parser, seed: 20261127, inputs => inputs < 20_000).Broke);
    }
}
