using System.Runtime.Versioning;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// Remembers which guest session is which of the broker's across a restart of the agent. Worth nothing after a reboot,
/// so the boot's id stands in the first line.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class SessionMemory
{
    private readonly string _path;
    private readonly string _bootId;
    private Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    public SessionMemory(string stateDirectory, string bootId)
    {
        _path = Path.Combine(stateDirectory, "sessions");
        _bootId = bootId;
        if (!File.Exists(_path)) return;
        var lines = File.ReadAllLines(_path);
        if (lines.Length == 0 || lines[0] != bootId) return;
        foreach (var parts in lines.Skip(1).Select(l => l.Split(' ')).Where(p => p.Length == 2)) _ids[parts[0]] = parts[1];
    }

    public string SessionIdOf(string guestSession) => _ids.GetValueOrDefault(guestSession, "");

    public void Save(Dictionary<string, string> ids)
    {
        if (ids.Count == _ids.Count && ids.All(i => _ids.GetValueOrDefault(i.Key) == i.Value)) return;
        _ids = ids;
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!, OwnerOnly);
        var fresh = _path + ".new";
        File.WriteAllLines(fresh, ids.Select(i => $"{i.Key} {i.Value}").Prepend(_bootId));
        File.Move(fresh, _path, overwrite: true);
    }
}
