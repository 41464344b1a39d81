using System.Runtime.Versioning;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Joining;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// Makes another machine of the one that runs, after a restore. What was loaded at boot (SMBIOS in memory, boot id) is still the saved
/// machine's; QEMU's firmware configuration is read from outside the guest's memory, and is the new one's.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class NewMachine(AgentOptions options)
{
    private const string Module = "qemu_fw_cfg", KernelUuid = "/proc/sys/kernel/random/uuid", PrepareXrdp = "/usr/lib/montalegre/prepare-xrdp";
    private const string MachineIdFile = "/etc/machine-id", SshDirectory = "/etc/ssh";

    /// <summary>The SMBIOS table of the machine that this one became.</summary>
    public static string TableFile(AgentOptions options) => Path.Combine(options.RunDirectory, "smbios");

    /// <summary>What tells this start from those of other machines of the same running state.</summary>
    public static string BootIdFile(AgentOptions options) => Path.Combine(options.RunDirectory, "boot-id");

    /// <summary>Null when this machine could become another later; else why not. To be asked before it is saved.</summary>
    public static async Task<string?> PrepareAsync(CancellationToken ct)
    {
        if (!File.Exists(PrepareXrdp)) return $"{PrepareXrdp} is missing, so the RDP server's keys could not be made anew";
        var (exit, error) = await Run.ToEndAsync("modprobe", [Module], ct);
        if (exit != 0) return $"the kernel's module {Module} cannot be loaded: {error}";
        // Loaded again after the restore, so that it reads lengths anew, too.
        await Run.ToEndAsync("modprobe", ["-r", Module], ct);
        OwnProgram.WriteOut();
        return null;
    }

    /// <summary>The table of the machine that this one is to become; null while it is nobody's.</summary>
    public async Task<byte[]?> ReadTableAsync(CancellationToken ct)
    {
        await Run.ToEndAsync("modprobe", ["-r", Module], ct);   // one that is loaded already knows the old lengths
        await Run.ToEndAsync("modprobe", [Module], ct);
        if (!File.Exists(options.FirmwareTable)) return null;
        var table = await File.ReadAllBytesAsync(options.FirmwareTable, ct);
        return SmbiosStrings.AllOemStrings(table).Any(text => text.StartsWith(JoinDocument.Prefix, StringComparison.Ordinal)) ? table : null;
    }

    /// <summary>Random numbers, keys and ids of its own; null when done, else the sentence why not. The agent must begin anew after it.</summary>
    public async Task<string?> BecomeAsync(byte[] table, CancellationToken ct)
    {
        // First of all: the join token in the table is a secret of this machine alone, and every key below is drawn after it.
        KernelRandom.Reseed(table);
        Directory.CreateDirectory(options.RunDirectory);
        await File.WriteAllTextAsync(BootIdFile(options), await File.ReadAllTextAsync(KernelUuid, ct), ct);
        await File.WriteAllTextAsync(MachineIdFile, (await File.ReadAllTextAsync(KernelUuid, ct)).Replace("-", "", StringComparison.Ordinal), ct);
        File.Delete("/etc/xrdp/cert.pem");   // the script keeps what is there
        if (await Run.ToEndAsync(PrepareXrdp, [], ct) is { Exit: not 0, Error: var rdp }) return $"the RDP server's keys: {rdp}";
        if (await RenewSshKeysAsync(ct) is { } ssh) return ssh;
        // INVARIANT: last, since a table here means that all of the above is done.
        await WriteOwnerOnlyAsync(TableFile(options), table, ct);
        return null;
    }

    private static async Task<string?> RenewSshKeysAsync(CancellationToken ct)
    {
        var keys = Directory.Exists(SshDirectory) ? Directory.GetFiles(SshDirectory, "ssh_host_*") : [];
        if (keys.Length == 0) return null;
        foreach (var key in keys) File.Delete(key);
        if (await Run.ToEndAsync("ssh-keygen", ["-A"], ct) is { Exit: not 0, Error: var error }) return $"the SSH server's keys: {error}";
        return await Run.ToEndAsync("systemctl", ["try-restart", "ssh.service"], ct) is { Exit: not 0, Error: var restart } ? $"the SSH server: {restart}" : null;
    }

    // It carries the join token.
    private static async Task WriteOwnerOnlyAsync(string path, byte[] content, CancellationToken ct)
    {
        File.Delete(path);
        await using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        await file.WriteAsync(content, ct);
    }
}
