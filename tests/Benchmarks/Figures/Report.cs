using System.Globalization;
using System.Runtime.InteropServices;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Benchmarks.Figures;

/// <summary>What the benchmarks print on standard output.</summary>
internal static class Report
{
    public static void Print(Figure figure) => Console.WriteLine(figure);

    /// <summary>A line that belongs to a figure and is none: what was counted, what the machine did meanwhile.</summary>
    public static void Note(FormattableString text) => Console.WriteLine($"note {FormattableString.Invariant(text)}");

    /// <summary>Where the figures come from; without it they mean nothing.</summary>
    public static async Task MachineAsync()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";
        var memory = File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var gibibytes = long.Parse(memory, CultureInfo.InvariantCulture) / 1024.0 / 1024;
        var postgres = (await Run.ToEndAsync(PostgresPrograms.Path("postgres"), ["--version"])).Split(' ')[2].Trim();
        var haproxy = (await Run.ToEndAsync("/usr/sbin/haproxy", ["-v"])).Split(' ')[2];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"machine cores {Environment.ProcessorCount} cpu \"{model}\" memory {gibibytes:0} GiB load {Load()} commit durable (fsync and synchronous_commit on, checksums) dotnet {Environment.Version} postgres {postgres} haproxy {haproxy} system \"{RuntimeInformation.OSDescription}\""));
    }

    /// <summary>The machine's load now: figures of a busy machine are worth less.</summary>
    public static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
