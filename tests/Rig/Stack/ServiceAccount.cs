using System.Runtime.InteropServices;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Rig.Stack;

/// <summary>
/// The account that services run as. Started by root they run as an own system user that owns its state; started by
/// anybody else they run as that person. PostgreSQL refuses root, and so does the broker.
/// </summary>
public sealed class ServiceAccount
{
    /// <summary>The system user that root's services and virtual machines run as.</summary>
    public const string Name = "montalegre";

    private static readonly SemaphoreSlim Making = new(1, 1);

    private ServiceAccount(string? user, string stateDirectory) => (User, StateDirectory) = (user, stateDirectory);

    /// <summary>The account's name; null: whoever runs this.</summary>
    public string? User { get; }

    /// <summary>Everything that outlives a run: database, keys, disks, logs.</summary>
    public string StateDirectory { get; }

    /// <summary>Network namespace that services are started in; null is the computer's own. Needs root.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>Makes the account if it is missing (root only), and its state directory.</summary>
    /// <param name="stateDirectory">Another state directory than the usual one; tests use their own.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="networkNamespace">See <see cref="NetworkNamespace"/>.</param>
    public static async Task<ServiceAccount> EnsureAsync(string? stateDirectory, CancellationToken ct, string? networkNamespace = null)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            var mine = stateDirectory ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "montalegre-vdi");
            Directory.CreateDirectory(mine, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new(null, mine);
        }
        var state = stateDirectory ?? "/var/lib/montalegre-vdi";
        await EnsureUserAsync(ct);
        Directory.CreateDirectory(state);
        await Run.ToEndAsync("/bin/chown", [$"{Name}:{Name}", state], ct: ct);
        File.SetUnixFileMode(state, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new(Name, state) { NetworkNamespace = networkNamespace };
    }

    /// <summary>Makes the system user if it is missing; root only.</summary>
    public static async Task EnsureUserAsync(CancellationToken ct)
    {
        // One at a time: whoever comes second finds the file of accounts locked by the first.
        await Making.WaitAsync(ct);
        try
        {
            if (!File.ReadLines("/etc/passwd").Any(l => l.StartsWith(Name + ":", StringComparison.Ordinal)))
                await Run.ToEndAsync("/usr/sbin/useradd", ["--system", "--user-group", "--home-dir", "/var/lib/montalegre-vdi", "--no-create-home", "--shell", "/usr/sbin/nologin", Name], ct: ct);
            if (File.Exists("/dev/kvm") && File.ReadLines("/etc/group").FirstOrDefault(l => l.StartsWith("kvm:", StringComparison.Ordinal)) is { } kvm && !kvm.Split(':')[^1].Split(',').Contains(Name))
                await Run.ToEndAsync("/usr/sbin/usermod", ["-a", "-G", "kvm", Name], ct: ct);
        }
        finally
        {
            Making.Release();
        }
    }

    /// <summary>A directory below the state directory that belongs to the account.</summary>
    public async Task<string> DirectoryAsync(string name, CancellationToken ct)
    {
        var path = Path.Combine(StateDirectory, name);
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await OwnAsync(path, ct);
        return path;
    }

    /// <summary>Gives a file or directory to the account.</summary>
    public Task OwnAsync(string path, CancellationToken ct) =>
        User is null ? Task.CompletedTask : Run.ToEndAsync("/bin/chown", ["-R", $"{User}:{User}", path], ct: ct);

    /// <summary>
    /// A program's path that the account can read: root's checkout may be closed to it, and then the program's folder is
    /// copied below the state directory.
    /// </summary>
    public async Task<string> ReadableAsync(string program, CancellationToken ct)
    {
        if (User is null) return program;
        var (test, arguments) = CommandLine("/usr/bin/test", ["-r", program]);
        try
        {
            await Run.ToEndAsync(test, arguments, ct: ct);
            return program;
        }
        catch (InvalidOperationException)
        {
            var folder = Path.GetDirectoryName(program)!;
            var copy = Path.Combine(StateDirectory, "programs", Path.GetFileNameWithoutExtension(program));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            if (Directory.Exists(copy)) Directory.Delete(copy, recursive: true);
            await Run.ToEndAsync("/bin/cp", ["-r", folder, copy], ct: ct);
            await OwnAsync(Path.Combine(StateDirectory, "programs"), ct);
            return Path.Combine(copy, Path.GetFileName(program));
        }
    }

    /// <summary>The command line that runs a program as the account, in a session of its own so that Ctrl-C reaches only us.</summary>
    public (string Program, IReadOnlyList<string> Arguments) CommandLine(string program, IEnumerable<string> arguments)
    {
        string[] drop = User is null ? [] : [$"--reuid={User}", $"--regid={User}", "--init-groups"];
        string[] command = ["/usr/bin/setpriv", .. drop, "--no-new-privs", "--pdeathsig=TERM", "--", program, .. arguments];
        return NetworkNamespace is { } network ? ("/usr/bin/setsid", ["/usr/sbin/ip", "netns", "exec", network, .. command]) : ("/usr/bin/setsid", command);
    }

    /// <summary>The environment that libvirt's session mode and .NET look at.</summary>
    public IReadOnlyDictionary<string, string> EnvironmentVariables()
    {
        var home = Path.Combine(StateDirectory, "home");
        return new Dictionary<string, string>
        {
            ["HOME"] = home, ["XDG_RUNTIME_DIR"] = Path.Combine(StateDirectory, "run"), ["XDG_CONFIG_HOME"] = Path.Combine(home, ".config"),
            ["XDG_CACHE_HOME"] = Path.Combine(home, ".cache"), ["XDG_DATA_HOME"] = Path.Combine(home, ".local/share"),
            ["DOTNET_gcServer"] = "0", ["DOTNET_CLI_HOME"] = home, ["TMPDIR"] = Path.GetTempPath(),
        };
    }

    /// <summary>True on a system where processes can be started as another user at all.</summary>
    public static bool Supported => RuntimeInformation.IsOSPlatform(OSPlatform.Linux);
}
