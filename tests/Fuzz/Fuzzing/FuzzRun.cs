using System.Diagnostics;

namespace Montalegre.Vdi.Fuzz.Fuzzing;

/// <summary>The property every parser holds: it reads, or throws the one refusal that it has; quickly, and within its memory.</summary>
internal static class FuzzRun
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>Null when the property held; else what broke it, with the bytes to repeat it.</summary>
    public static string? Try(Parser parser, byte[] input)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        string? broke = null;
        try { parser.Read((byte[])input.Clone()); }
        catch (Exception e) when (parser.IsRefusal(e)) { /* the one answer a broken peer may get */ }
        catch (Exception e) { broke = e.ToString(); }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (allocated > parser.MostAllocated) broke ??= $"allocated {allocated} bytes";
        // A computer with other things to do may stop anybody for seconds; a loop is slow every time.
        if (Stopwatch.GetElapsedTime(started) > Longest && IsSlow(parser, input)) broke ??= "took too long";
        return broke is null ? null : $"{parser.Name}: {broke}\ninput: {Convert.ToHexString(input)}";
    }

    private static bool IsSlow(Parser parser, byte[] input)
    {
        var started = Stopwatch.GetTimestamp();
        try { parser.Read((byte[])input.Clone()); }
        catch (Exception e) when (e is not OutOfMemoryException) { /* what it throws was judged the first time */ }
        return Stopwatch.GetElapsedTime(started) > Longest;
    }

    /// <summary>Runs until <paramref name="more"/> says stop; answers how many inputs were read and what broke first.</summary>
    public static (long Inputs, string? Broke) Run(Parser parser, int seed, Func<long, bool> more)
    {
        var mutator = new Mutator(new Random(seed), parser.Repair);
        long inputs = 0;
        for (; more(inputs); inputs++)
        {
            if (Try(parser, mutator.Next(parser.Corpus)) is { } broke) return (inputs, $"seed {seed}, {broke}");
        }
        return (inputs, null);
    }
}
