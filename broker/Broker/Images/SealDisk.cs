using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>
/// Takes out of a raw disk what belongs to the one machine it was made on, without starting it: identities, keys, logs, leases.
/// Debian and its relatives on ext4; for anything else it says why not, and changes nothing.
/// </summary>
internal static class SealDisk
{
    /// <summary>What stays in a disk that is published without sealing.</summary>
    public const string StaysIn = "original:all_stays";

    private const int MostFiles = 100_000, Deepest = 24;
    private static readonly (int At, byte[] Magic, string What)[] OtherSystems =
    [
        (0, [.. "XFSB"u8], "an XFS file system"), (3, [.. "NTFS    "u8], "an NTFS file system, as Windows has it"), (0x10040, [.. "_BHRfS_M"u8], "a Btrfs file system"),
        (512, [.. "LABELONE"u8], "an LVM volume"), (0, [.. "LUKS"u8], "an encrypted volume"),
    ];

    /// <summary>Seals the disk; progress runs from 0 to 1.</summary>
    /// <returns>The operating system's name, and a line for each step, with words in <see cref="Contracts.SealTexts" />.</returns>
    /// <exception cref="DiskRefusedException">It cannot be sealed.</exception>
    public static async Task<(string OperatingSystem, string Report)> RunAsync(string raw, Action<double> progress, CancellationToken ct)
    {
        var (system, name) = await FindSystemAsync(raw, ct);
        if ((await system.ListAsync("/var/lib", ct)).Count == 0) throw NotSealable("its /var is on another partition");
        await system.RepairAsync(ct);
        var steps = Steps();
        var report = new List<string>();
        for (var i = 0; i < steps.Length; i++)
        {
            progress((double)i / (steps.Length + 1));
            report.Add($"{steps[i].What}:{await steps[i].Run(system, ct)}");
        }
        progress((double)steps.Length / (steps.Length + 1));
        await system.EraseFreeSpaceAsync(ct);
        report.Add("free_space:erased");
        return (name, string.Join('\n', report));
    }

    private static (string What, Func<Ext4, CancellationToken, Task<string>> Run)[] Steps() =>
    [
        ("agent_keys", (s, ct) => RemoveAsync(s, ct, "/var/lib/montalegre")),
        ("machine_id", MachineIdAsync),
        ("ssh_keys", SshKeysAsync),
        ("rdp_keys", RdpKeysAsync),
        ("logs", (s, ct) => RemoveAsync(s, ct, "/var/log")),
        ("dhcp_leases", (s, ct) => RemoveAsync(s, ct, "/var/lib/dhcp", "/var/lib/NetworkManager")),
        ("random_seed", (s, ct) => RemoveAsync(s, ct, "/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret", "/var/lib/urandom/random-seed")),
        ("histories", HistoriesAsync),
    ];

    private static async Task<(Ext4 System, string Name)> FindSystemAsync(string raw, CancellationToken ct)
    {
        var candidates = new List<long>();
        var other = "no file system that is known";
        await using (var disk = new FileStream(raw, FileMode.Open, FileAccess.Read))
            foreach (var partition in PartitionTable.Read(disk))
                if (Ext4.IsAt(disk, partition.Offset)) candidates.Add(partition.Offset);
                else if (Recognise(disk, partition.Offset) is { } what) other = what;
        foreach (var offset in candidates)
        {
            var system = new Ext4(raw, offset);
            // Where /etc/os-release is a link, debugfs follows it within the file system.
            if (await system.TextAsync("/etc/os-release", ct) is not { } release) continue;
            var name = release.Split('\n').FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))?[12..].Trim().Trim('"') ?? "";
            return (system, new string([.. name.Where(c => !char.IsControl(c)).Take(120)]));
        }
        throw NotSealable(candidates.Count > 0 ? "none of its ext4 file systems holds a Linux system" : $"it has {other}; Linux on ext4 can be sealed");
    }

    private static string? Recognise(FileStream disk, long offset)
    {
        foreach (var (at, magic, what) in OtherSystems)
        {
            var bytes = new byte[magic.Length];
            disk.Position = offset + at;
            if (disk.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length && bytes.AsSpan().SequenceEqual(magic)) return what;
        }
        return null;
    }

    // Empty and not away: systemd then makes one at the next start, and an empty file says that it may.
    private static async Task<string> MachineIdAsync(Ext4 system, CancellationToken ct)
    {
        var there = (await system.ListAsync("/etc", ct)).Any(entry => entry.Name == "machine-id");
        await system.ChangeAsync([.. there ? ["rm /etc/machine-id"] : Array.Empty<string>(), "write /dev/null /etc/machine-id", "set_inode_field /etc/machine-id mode 0100444"], ct);
        if ((await system.ListAsync("/var/lib/dbus", ct)).Any(entry => entry is { Name: "machine-id", IsLink: false })) await system.ChangeAsync(["rm /var/lib/dbus/machine-id"], ct);
        return "emptied";
    }

    private static async Task<string> SshKeysAsync(Ext4 system, CancellationToken ct)
    {
        var keys = (await system.ListAsync("/etc/ssh", ct)).Where(entry => entry.Name.StartsWith("ssh_host_", StringComparison.Ordinal)).ToList();
        if (keys.Count == 0) return "nothing";
        await system.ChangeAsync(keys.Select(key => $"rm {Ext4.Quoted($"/etc/ssh/{key.Name}")}"), ct);
        // Debian makes host keys when the package is installed and never again: without this the server would not start.
        foreach (var units in (string[])["/lib/systemd/system", "/usr/lib/systemd/system"])
            if ((await system.ListAsync(units, ct)).Any(entry => entry.Name == "ssh.service"))
            {
                await AddKeyMakingAsync(system, ct);
                return $"remade:{keys.Count}";
            }
        return $"removed:{keys.Count}";
    }

    private static async Task AddKeyMakingAsync(Ext4 system, CancellationToken ct)
    {
        const string Folder = "/etc/systemd/system/ssh.service.d", Name = "montalegre-keys.conf";
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "# Each machine of an image makes its own keys at its first start.\n[Service]\nExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n", ct);
            var units = await system.ListAsync("/etc/systemd/system", ct);
            var drops = await system.ListAsync(Folder, ct);
            await system.ChangeAsync(
            [
                .. units.Any(entry => entry.Name == "ssh.service.d") ? Array.Empty<string>() : [$"mkdir {Folder}"],
                .. drops.Any(entry => entry.Name == Name) ? [$"rm {Folder}/{Name}"] : Array.Empty<string>(),
                $"write {file} {Folder}/{Name}", $"set_inode_field {Folder}/{Name} mode 0100644", $"set_inode_field {Folder}/{Name} uid 0", $"set_inode_field {Folder}/{Name} gid 0",
            ], ct);
        }
        finally { File.Delete(file); }
    }

    private static async Task<string> RdpKeysAsync(Ext4 system, CancellationToken ct) =>
        (await system.ListAsync("/usr/lib/montalegre", ct)).Any(entry => entry.Name == "prepare-xrdp")
            ? await RemoveAsync(system, ct, "/etc/xrdp/key.pem", "/etc/xrdp/cert.pem", "/etc/xrdp/rsakeys.ini", "/etc/ssl/private/ssl-cert-snakeoil.key", "/etc/ssl/certs/ssl-cert-snakeoil.pem")
            : "stays";

    private static async Task<string> HistoriesAsync(Ext4 system, CancellationToken ct)
    {
        string[] homes = ["/root", .. (await system.ListAsync("/home", ct)).Where(entry => entry.IsDirectory).Select(entry => $"/home/{entry.Name}")];
        return await RemoveAsync(system, ct, [.. homes.SelectMany(home => (string[])[$"{home}/.bash_history", $"{home}/.xsession-errors", $"{home}/.lesshst", $"{home}/.python_history"])]);
    }

    // Folders that a machine made for itself, named after it; the others stay, because programs expect them with their owners.
    private static bool IsOfTheMachine(string folder) => folder.StartsWith("/var/lib/montalegre/", StringComparison.Ordinal) || folder.StartsWith("/var/log/journal/", StringComparison.Ordinal);

    // Files go, with everything below a folder.
    private static async Task<string> RemoveAsync(Ext4 system, CancellationToken ct, params string[] paths)
    {
        var doomed = new List<string>();
        foreach (var group in paths.GroupBy(path => path[..path.LastIndexOf('/')]))
        {
            var entries = await system.ListAsync(group.Key.Length == 0 ? "/" : group.Key, ct);
            foreach (var path in group)
                foreach (var entry in entries.Where(entry => entry.Name == path[(path.LastIndexOf('/') + 1)..]))
                    if (entry.IsDirectory) await CollectAsync(system, path, doomed, 0, ct);
                    else doomed.Add(path);
        }
        if (doomed.Count == 0) return "nothing";
        await system.ChangeAsync(doomed.Select(path => $"{(path.EndsWith('/') ? "rmdir" : "rm")} {Ext4.Quoted(path.TrimEnd('/'))}"), ct);
        doomed.RemoveAll(path => path.EndsWith('/'));
        return $"removed:{doomed.Count}";
    }

    private static async Task CollectAsync(Ext4 system, string folder, List<string> found, int depth, CancellationToken ct)
    {
        if (depth > Deepest || found.Count > MostFiles) throw NotSealable($"{folder} holds too much to be removed");
        foreach (var entry in await system.ListAsync(folder, ct))
            if (entry.IsDirectory)
            {
                await CollectAsync(system, $"{folder}/{entry.Name}", found, depth + 1, ct);
                if (IsOfTheMachine($"{folder}/{entry.Name}")) found.Add($"{folder}/{entry.Name}/");   // after what is in it
            }
            else found.Add($"{folder}/{entry.Name}");
    }

    private static DiskRefusedException NotSealable(string why) => new(RefusalReason.ImageNotSealable, why);
}
