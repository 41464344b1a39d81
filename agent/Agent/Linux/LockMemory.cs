using System.Globalization;
using System.Runtime.Versioning;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>Remembers the lockers that run across a restart of the agent. Worth nothing after a reboot, so the boot's id stands in the first line.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class LockMemory(string stateDirectory, string bootId)
{
    private const string FileName = "locked";

    /// <summary>The locker of each guest session that was locked when this was written last, alive or not.</summary>
    public Dictionary<string, Proc> Read()
    {
        var path = Path.Combine(stateDirectory, FileName);
        var lockers = new Dictionary<string, Proc>(StringComparer.Ordinal);
        var lines = File.Exists(path) ? File.ReadAllLines(path) : [];
        if (lines.Length == 0 || lines[0] != bootId) return lockers;
        foreach (var parts in lines.Skip(1).Select(l => l.Split(' ')).Where(p => p.Length == 3))
        {
            if (int.TryParse(parts[1], CultureInfo.InvariantCulture, out var pid) && long.TryParse(parts[2], CultureInfo.InvariantCulture, out var started))
                lockers[parts[0]] = new Proc(pid, 0, "", started);
        }
        return lockers;
    }

    public void Write(IReadOnlyDictionary<string, Proc> lockers)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(stateDirectory, OwnerOnly);
        var path = Path.Combine(stateDirectory, FileName);
        File.WriteAllLines(path + ".new", lockers.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Key} {l.Value.Pid} {l.Value.Started}")).Prepend(bootId));
        File.Move(path + ".new", path, overwrite: true);
    }
}
