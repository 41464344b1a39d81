using System.Globalization;

namespace Montalegre.Vdi.Benchmarks.Processes;

/// <summary>What the kernel says that a process has used.</summary>
internal static class Usage
{
    private const double TicksPerSecond = 100;   // USER_HZ is fixed for everything below /proc

    /// <summary>Seconds of CPU, user and system, of all its threads so far.</summary>
    public static double CpuSeconds(int processId)
    {
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');   // the name before it may hold anything
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Memory in KiB: its own pages, and its share of those it has in common with others (PSS).</summary>
    public static long MemoryKiB(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/smaps_rollup").First(l => l.StartsWith("Pss:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
