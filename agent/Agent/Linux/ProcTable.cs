using System.Globalization;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>A process at one moment. Number and start together name it for good: numbers are used again.</summary>
internal readonly record struct Proc(int Pid, int Parent, string Name, long Started);

/// <summary>The kernel's process table, read from /proc.</summary>
internal static class ProcTable
{
    public static List<Proc> ReadAll()
    {
        var all = new List<Proc>(128);
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(directory.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Read(pid) is { } process)
                all.Add(process);
        }
        return all;
    }

    /// <summary>Null when the process is gone, or is a zombie: nothing of it runs.</summary>
    public static Proc? Read(int pid)
    {
        var stat = Text(pid, "stat");
        var open = stat.IndexOf('(', StringComparison.Ordinal);
        var close = stat.LastIndexOf(')');
        if (open < 0 || close < open) return null;
        var fields = stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 20 || fields[0] is "Z" or "X") return null;
        return new Proc(
            pid,
            int.Parse(fields[1], CultureInfo.InvariantCulture),
            stat[(open + 1)..close],
            long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    public static bool IsAlive(Proc process) => Read(process.Pid) is { } now && now.Started == process.Started;

    /// <summary>Real user id; null when the process is gone.</summary>
    public static uint? Uid(int pid)
    {
        foreach (var line in Text(pid, "status").Split('\n'))
        {
            if (!line.StartsWith("Uid:", StringComparison.Ordinal)) continue;
            return uint.TryParse(line.Split('\t')[1], NumberStyles.None, CultureInfo.InvariantCulture, out var uid) ? uid : null;
        }
        return null;
    }

    public static string[] Arguments(int pid) => Text(pid, "cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>As it was started with; empty when that is not ours to see.</summary>
    public static string[] Environment(int pid) => Text(pid, "environ").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The process and everything it started that still hangs below it.</summary>
    public static List<Proc> Family(IReadOnlyCollection<Proc> all, Proc head)
    {
        var family = new List<Proc> { head };
        for (var i = 0; i < family.Count; i++) family.AddRange(all.Where(p => p.Parent == family[i].Pid && !family.Contains(p)));
        return family;
    }

    private static string Text(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
