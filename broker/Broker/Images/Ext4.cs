using System.Globalization;
using System.Text.RegularExpressions;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>One entry of a directory in a file system image.</summary>
internal readonly record struct Ext4Entry(string Name, bool IsDirectory, bool IsLink, long Size);

/// <summary>
/// An ext2, ext3 or ext4 file system inside a raw disk, through the tools of e2fsprogs: no mount, no root, no loop device, and
/// nothing of the kernel's parses what somebody handed over.
/// </summary>
internal sealed partial class Ext4(string disk, long offset)
{
    private const int Changed = 1, ChangedRestart = 2, MostText = 64 * 1024;
    private readonly string _device = string.Create(CultureInfo.InvariantCulture, $"{disk}?offset={offset}");

    /// <summary>True when the bytes at the place look like one: s_magic of the superblock, at 1024 + 56.</summary>
    public static bool IsAt(Stream disk, long offset)
    {
        var magic = new byte[2];
        disk.Position = offset + 1080;
        return disk.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x53, 0xef];
    }

    /// <summary>Replays the journal and repairs what a machine that lost its power left.</summary>
    public Task RepairAsync(CancellationToken ct) => CheckAsync([], ct);

    /// <summary>Checks once more and cuts all free space out of the file, so that deleted files cannot be read from it.</summary>
    public Task EraseFreeSpaceAsync(CancellationToken ct) => CheckAsync(["-E", "discard"], ct);

    /// <summary>The entries of a directory; none when it is not there.</summary>
    public async Task<IReadOnlyList<Ext4Entry>> ListAsync(string directory, CancellationToken ct)
    {
        var answer = await DebugAsync(write: false, $"ls -p {Quoted(directory)}\n", ct);
        var found = new List<Ext4Entry>();
        // /inode/mode/uid/gid/name/size/ ; a name holds no slash.
        foreach (var line in answer.Output.Split('\n'))
            if (line.Split('/') is ["", var inode, { Length: 6 } mode, _, _, var name, var size, ""] && inode != "0" && name is not ("." or ".."))
                found.Add(new(name, mode.StartsWith("04", StringComparison.Ordinal), mode.StartsWith("12", StringComparison.Ordinal), long.TryParse(size, CultureInfo.InvariantCulture, out var bytes) ? bytes : 0));
        return found;
    }

    /// <summary>The text of a small file, of a link's target within the file system too; null when it is not there.</summary>
    public async Task<string?> TextAsync(string path, CancellationToken ct)
    {
        var answer = await DebugAsync(write: false, $"cat {Quoted(path)}\n", ct);
        var said = answer.Output.Split('\n', 2) is [var echoed, var rest] && echoed.StartsWith("debugfs:", StringComparison.Ordinal) ? rest : answer.Output;
        return answer.Complaints.Contains("File not found", StringComparison.Ordinal) ? null : said[..Math.Min(said.Length, MostText)];
    }

    /// <summary>Runs commands that change something. Anything that debugfs complains of is a failure: it answers 0 whatever happens.</summary>
    /// <exception cref="DiskRefusedException">It complained.</exception>
    public async Task ChangeAsync(IEnumerable<string> commands, CancellationToken ct)
    {
        var answer = await DebugAsync(write: true, string.Concat(commands.Select(command => command + "\n")), ct);
        var complaint = answer.Complaints.Split('\n').FirstOrDefault(line => line.Length > 0 && !line.StartsWith("debugfs ", StringComparison.Ordinal));
        if (answer.ExitCode != 0 || complaint is not null) throw new DiskRefusedException(RefusalReason.ImageNotSealable, $"its file system cannot be changed; debugfs says: {complaint ?? answer.LastWords}");
    }

    /// <summary>A path as debugfs takes it.</summary>
    /// <exception cref="DiskRefusedException">A name in the disk that could end the command and begin another.</exception>
    public static string Quoted(string path) => path.Length > 1000 || path.Any(c => char.IsControl(c) || c == '"')
        ? throw new DiskRefusedException(RefusalReason.ImageNotSealable, $"it has a file with a name that cannot be handled: {Unprintable().Replace(path, "?")}")
        : $"\"{path}\"";

    private async Task CheckAsync(string[] options, CancellationToken ct)
    {
        var answer = await DiskTool.RunAsync("e2fsck", ["-f", "-y", .. options, _device], null, null, ct);
        if ((answer.ExitCode & ~(Changed | ChangedRestart)) != 0) throw new DiskRefusedException(RefusalReason.ImageNotSealable, $"its file system is broken; e2fsck says: {answer.LastWords}");
    }

    private Task<ToolAnswer> DebugAsync(bool write, string commands, CancellationToken ct) =>
        DiskTool.RunAsync("debugfs", [.. write ? ["-w"] : Array.Empty<string>(), "-f", "/dev/stdin", _device], commands, null, ct);

    [GeneratedRegex("[\\p{C}\"]")]
    private static partial Regex Unprintable();
}
