using System.Runtime.Versioning;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>Remembers which guest session is which of the broker's across a restart of the agent.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class SessionMemory
{
    private readonly BootFile _file;
    private Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    public SessionMemory(string stateDirectory, string bootId)
    {
        _file = new(stateDirectory, "sessions", bootId);
        foreach (var parts in _file.Read().Select(l => l.Split(' ')).Where(p => p.Length == 2)) _ids[parts[0]] = parts[1];
    }

    public string SessionIdOf(string guestSession) => _ids.GetValueOrDefault(guestSession, "");

    public void Save(Dictionary<string, string> ids)
    {
        if (ids.Count == _ids.Count && ids.All(i => _ids.GetValueOrDefault(i.Key) == i.Value)) return;
        _ids = ids;
        _file.Write(ids.Select(i => $"{i.Key} {i.Value}"));
    }
}
