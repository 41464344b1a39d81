namespace Montalegre.Vdi.Benchmarks.Processes;

/// <summary>The worker's end of <see cref="Worker"/>.</summary>
internal static class WorkerConsole
{
    /// <summary>First character of an answer; whatever else a worker prints is kept for error messages only.</summary>
    public const char Mark = '@';

    private static readonly StreamWriter Output = new(Console.OpenStandardOutput()) { AutoFlush = true };

    /// <summary>Says that the worker is ready, then carries out one order at a time until the input ends.</summary>
    public static async Task ServeAsync(string ready, Func<string[], Task<string>> carryOutAsync)
    {
        await Output.WriteLineAsync($"{Mark}{ready}");
        while (await Console.In.ReadLineAsync() is { } order)
            await Output.WriteLineAsync($"{Mark}{await carryOutAsync(order.Split(' '))}");
    }

    /// <summary>Collects everything that can be collected, gives it back to the system, and answers the bytes of managed objects that are left.</summary>
    public static string Settle()
    {
        for (var round = 0; round < 3; round++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return GC.GetTotalMemory(forceFullCollection: false).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
