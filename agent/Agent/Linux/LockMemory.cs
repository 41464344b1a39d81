using System.Globalization;
using System.Runtime.Versioning;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>Remembers the lockers that run across a restart of the agent.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class LockMemory(string stateDirectory, string bootId)
{
    private readonly BootFile _file = new(stateDirectory, "locked", bootId);

    /// <summary>The locker of each guest session that was locked when this was written last, alive or not.</summary>
    public Dictionary<string, Proc> Read()
    {
        var lockers = new Dictionary<string, Proc>(StringComparer.Ordinal);
        foreach (var parts in _file.Read().Select(l => l.Split(' ')).Where(p => p.Length == 3))
        {
            if (int.TryParse(parts[1], CultureInfo.InvariantCulture, out var pid) && long.TryParse(parts[2], CultureInfo.InvariantCulture, out var started))
                lockers[parts[0]] = new Proc(pid, 0, "", started);
        }
        return lockers;
    }

    public void Write(IReadOnlyDictionary<string, Proc> lockers) =>
        _file.Write(lockers.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Key} {l.Value.Pid} {l.Value.Started}")));
}
