using System.Runtime.InteropServices;
using Montalegre.Vdi.Benchmarks.AgentStreams;
using Montalegre.Vdi.Benchmarks.Clones;
using Montalegre.Vdi.Benchmarks.Consoles;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Html5;
using Montalegre.Vdi.Benchmarks.Launches;
using Montalegre.Vdi.Benchmarks.Pools;
using Montalegre.Vdi.Benchmarks.Relays;

namespace Montalegre.Vdi.Benchmarks;

/// <summary>Runs the named benchmarks. 0: all figures were measured, whether or not they met their targets; 1: one was not, or an invariant broke.</summary>
internal static class Suite
{
    private static readonly (string Name, Func<CancellationToken, Task> RunAsync)[] All =
    [
        ("launch", LaunchBenchmark.RunAsync),
        ("pools", PoolsBenchmark.RunAsync),
        ("pools-clones", CloneBenchmark.RunAsync),
        ("relay", RelayBenchmark.RunAsync),
        ("gateway", GatewayBenchmark.RunAsync),
        ("agents", AgentBenchmark.RunAsync),
        ("html5", Html5Benchmark.RunAsync),
        ("crowd", CrowdBenchmark.RunAsync),
        ("console", ConsoleBenchmark.RunAsync),
    ];

    public static async Task<int> RunAsync(string[] names)
    {
        if (names.FirstOrDefault(n => !All.Any(b => IsPart(b.Name, n))) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"There is no benchmark {unknown}; use one of: {string.Join(", ", All.Select(b => b.Name))}.");
            return 2;
        }
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await Report.MachineAsync();
        var failed = false;
        foreach (var (name, runAsync) in All.Where(b => names.Length == 0 || names.Any(n => IsPart(b.Name, n))))
        {
            try
            {
                await runAsync(stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested) { return 130; }
            catch (Exception e)
            {
                failed = true;
                Console.WriteLine($"failed {name}: {e}");
            }
        }
        return failed ? 1 : 0;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    // "pools" is all of pools, "pools-clones" a part of it.
    private static bool IsPart(string benchmark, string name) => benchmark == name || benchmark.StartsWith(name + "-", StringComparison.Ordinal);
}
