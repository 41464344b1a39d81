using System.Runtime.Versioning;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>Lines that outlive the agent but not the machine's boot: that one's id stands in the first line. Replaced as a whole, for its owner only.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class BootFile(string stateDirectory, string name, string bootId)
{
    private readonly string _path = Path.Combine(stateDirectory, name);

    /// <summary>Empty when nothing was written since the machine started.</summary>
    public IEnumerable<string> Read()
    {
        var lines = File.Exists(_path) ? File.ReadAllLines(_path) : [];
        return lines.Length == 0 || lines[0] != bootId ? [] : lines.Skip(1);
    }

    public void Write(IEnumerable<string> lines)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(stateDirectory, OwnerOnly);
        var fresh = _path + ".new";
        File.WriteAllLines(fresh, lines.Prepend(bootId));
        File.Move(fresh, _path, overwrite: true);
    }
}
