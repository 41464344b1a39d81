using System.Diagnostics;
using System.Net.Sockets;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Rig.Libvirt;

/// <summary>How a private libvirt differs from the usual one.</summary>
public sealed record LibvirtSettings
{
    /// <summary>Who runs it; a root caller that names nobody gets the service account.</summary>
    public string? User { get; init; }

    /// <summary>Port on 127.0.0.1 for qemu+tls://, with certificates of <see cref="Pki"/>.</summary>
    public int? TlsPort { get; init; }

    /// <summary>The test's own authority for TLS.</summary>
    public LibvirtPki? Pki { get; init; }

    /// <summary>True: as root in qemu:///system mode, with the computer's libvirt folders hidden behind its own. Machines still run as the service account.</summary>
    public bool System { get; init; }

    /// <summary>In system mode: a libvirt network by this name, on a bridge that is there.</summary>
    public (string Name, string Bridge)? BridgedNetwork { get; init; }

    /// <summary>A host name of its own, and with it a host's identity: libvirt moves no machine to a host that it takes for itself. Needs root.</summary>
    public string? HostName { get; init; }

    /// <summary>Network namespace that daemons and machines live in; needs root.</summary>
    public string? NetworkNamespace { get; init; }
}

/// <summary>
/// A private libvirt for one stack or one test: virtlogd and libvirtd in session mode, started by hand as ordinary children,
/// with every file below one folder. Nothing of the computer's own libvirt is read or touched, and no systemd is needed.
/// </summary>
public sealed class LibvirtDaemons : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly List<Process> _processes = [];
    private readonly string _folder;
    private readonly string? _user;
    private readonly LibvirtSettings _settings;

    private LibvirtDaemons(string folder, LibvirtSettings settings)
    {
        _folder = folder;
        _settings = settings;
        _user = settings.System ? null : settings.User ?? (Environment.IsPrivilegedProcess ? ServiceAccount.Name : null);
    }

    /// <summary>Where to connect; any process of the same user, or root, may.</summary>
    public string Uri => $"qemu:///{Mode}?socket={Socket}";

    /// <summary>The same by TLS, as a far broker would.</summary>
    public string TlsUri => $"qemu+tls://127.0.0.1:{_settings.TlsPort}/{Mode}?pkipath={_settings.Pki?.ClientFolder}";

    /// <summary>The same through an SSH server.</summary>
    public string SshUri(string userAndServer, string keyFile) => $"qemu+ssh://{userAndServer}/{Mode}?keyfile={keyFile}&no_verify=1&no_tty=1&socket={Socket}";

    /// <summary>A folder that machines may read and write: for the storage pool.</summary>
    public string StoragePath => Path.Combine(_folder, "storage");

    /// <summary>The folder that everything of it is below.</summary>
    public string Folder => _folder;

    private string Mode => _settings.System ? "system" : "session";

    private string Socket => Path.Combine(_folder, "run", "libvirt", "libvirt-sock");

    /// <summary>Starts both daemons, or finds them running from before. QEMU never runs as root.</summary>
    public static async Task<LibvirtDaemons> StartAsync(string folder, LibvirtSettings? settings, CancellationToken ct)
    {
        // The longest socket below is folder + 35 characters, and a socket's path may have 107.
        if (folder.Length > 70) throw new ArgumentException($"'{folder}' is too long for libvirt's sockets; use at most 70 characters.", nameof(folder));
        if (Environment.IsPrivilegedProcess) await ServiceAccount.EnsureUserAsync(ct);
        // Debian's libvirtd looks this name up before it reads who machines run as; its package for systemd would have made it.
        if (settings is { System: true } && !File.ReadLines("/etc/passwd").Any(l => l.StartsWith("libvirt-qemu:", StringComparison.Ordinal)))
            await Postgres.Run.ToEndAsync("/usr/sbin/useradd", ["--system", "--user-group", "--home-dir", "/var/lib/libvirt", "--no-create-home", "--shell", "/usr/sbin/nologin", "libvirt-qemu"], ct: ct);
        var daemons = new LibvirtDaemons(folder, settings ?? new LibvirtSettings());
        await daemons.PrepareAsync(ct);
        try
        {
            // virtlogd first: libvirtd would otherwise start one of its own that outlives us.
            await daemons.StartDaemonAsync("virtlogd", Path.Combine(folder, "run", "libvirt", "virtlogd-sock"), ct);
            await daemons.StartDaemonAsync("libvirtd", daemons.Socket, ct);
            return daemons;
        }
        catch
        {
            await daemons.DisposeAsync();
            throw;
        }
    }

    /// <summary>Switches every machine of this private libvirt off. Stopping the daemons alone would leave them running.</summary>
    public void StopMachines()
    {
        using var connection = LibvirtConnection.Open(Uri);
        foreach (var domain in connection.Domains())
            using (domain)
                Stop(domain);
    }

    // libvirt waits some seconds for a machine's process to end and then says that it is busy: on a slow computer it ends later.
    private static void Stop(LibvirtDomain domain)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                if (domain.IsActive) domain.Destroy();
                return;
            }
            catch (LibvirtException e) when (e.Code is LibvirtError.NoDomain or LibvirtError.OperationInvalid) { return; }
            catch (LibvirtException e) when (e.Code is LibvirtError.SystemError && tries < 5) { }
        }
    }

    /// <summary>Sends libvirtd a signal by name: STOP makes it hang, CONT lets it go on, KILL ends it. The machines run on.</summary>
    public async Task SignalAsync(string signal)
    {
        var daemon = _processes[^1];
        await Postgres.Run.ToEndAsync("kill", [$"-{signal}", daemon.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        if (signal != "KILL") return;
        await daemon.WaitForExitAsync();
        daemon.Dispose();
        _processes.Remove(daemon);
    }

    /// <summary>Starts libvirtd again after it was killed.</summary>
    public Task RestartAsync(CancellationToken ct) => StartDaemonAsync("libvirtd", Socket, ct);

    /// <summary>Stops what this object started, and only that.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await Postgres.Run.SignalAsync(process, "TERM");
            try { await process.WaitForExitAsync().WaitAsync(Patience); }
            catch (TimeoutException) { process.Kill(); }
            process.Dispose();
        }
        _processes.Clear();
    }

    private async Task PrepareAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(_folder);
        foreach (var name in (string[])["run/libvirt", "config/libvirt", "cache", "data", "storage", "log"])
            Directory.CreateDirectory(Path.Combine(_folder, name));
        await File.WriteAllTextAsync(DaemonConfiguration, Configuration(), ct);
        if (_settings.System)
        {
            // No cgroups, mount namespaces or security driver: all of them want a systemd or a kernel of their own.
            await File.WriteAllTextAsync(Path.Combine(_folder, "config/libvirt/qemu.conf"),
                $"user = \"{ServiceAccount.Name}\"\ngroup = \"{ServiceAccount.Name}\"\ncgroup_controllers = []\nnamespaces = []\nsecurity_driver = \"none\"\nremember_owner = 0\n", ct);
            if (_settings.BridgedNetwork is { } network) await WriteNetworkAsync(network.Name, network.Bridge, ct);
            File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
            return;
        }
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(_folder, "run"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (_user is not null) await Postgres.Run.ToEndAsync("chown", ["-R", $"{_user}:", _folder], ct: ct);
    }

    private async Task StartDaemonAsync(string daemon, string socket, CancellationToken ct)
    {
        if (await AnswersAsync(socket)) return;
        string[] environment =
        [
            "env", "-i", $"PATH={Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin", $"HOME={_folder}",
            $"XDG_RUNTIME_DIR={_folder}/run", $"XDG_CONFIG_HOME={_folder}/config", $"XDG_CACHE_HOME={_folder}/cache", $"XDG_DATA_HOME={_folder}/data",
        ];
        // A session of its own, so that Ctrl-C at the console does not reach it before we stop it in order.
        string[] before = _user is null ? ["setsid"] : ["setsid", "setpriv", $"--reuid={_user}", $"--regid={await GroupOfAsync(_user, ct)}", "--init-groups"];
        string[] space = _settings.NetworkNamespace is { } name ? ["ip", "netns", "exec", name] : [];
        var options = daemon == "libvirtd" ? $"-f {DaemonConfiguration}{(_settings.TlsPort is null ? "" : " --listen")}" : "";
        var run = $"exec {daemon} {options} >>{_folder}/{daemon}.log 2>&1";
        string[] command = _settings.System
            ? [.. space, .. before, "unshare", "--mount", .. environment, "sh", "-euc", HideComputersFolders() + run]
            : [.. space, .. before, .. environment, "sh", "-c", run];
        // Its own host name lives in a namespace of its own, and is set before rights are let go of.
        if (_settings.HostName is { } hostName) command = ["unshare", "--uts", "sh", "-euc", "hostname \"$0\"; exec \"$@\"", hostName, .. command];
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = "/", RedirectStandardInput = true })
            ?? throw new InvalidOperationException($"{daemon} did not start.");
        process.StandardInput.Close();
        _processes.Add(process);
        var watch = Stopwatch.StartNew();
        while (!await AnswersAsync(socket))
        {
            if (process.HasExited || watch.Elapsed > Patience)
                throw new SetUpException($"{daemon} does not answer at {socket}. Its last words ({_folder}/{daemon}.log):\n{LastWords($"{_folder}/{daemon}.log")}");
            await Task.Delay(50, ct);
        }
    }

    private string DaemonConfiguration => Path.Combine(_folder, "config/libvirt/libvirtd.conf");

    private string Configuration()
    {
        var lines = new List<string> { "listen_tcp = 0", $"listen_tls = {(_settings.TlsPort is null ? 0 : 1)}", "unix_sock_rw_perms = \"0777\"", "auth_unix_rw = \"none\"", "auth_unix_ro = \"none\"" };
        if (_settings.HostName is not null) lines.Add($"host_uuid = \"{Guid.NewGuid()}\"");
        if (_settings is { TlsPort: { } port, Pki: { } pki })
            lines.AddRange(["listen_addr = \"127.0.0.1\"", $"tls_port = \"{port}\"", "auth_tls = \"none\"", $"ca_file = \"{pki.AuthorityFile}\"",
                $"cert_file = \"{pki.ServerCertificateFile}\"", $"key_file = \"{pki.ServerKeyFile}\""]);
        return string.Join('\n', lines) + '\n';
    }

    // As libvirt itself would have stored it; the link makes it start with the daemon.
    private async Task WriteNetworkAsync(string name, string bridge, CancellationToken ct)
    {
        var folder = Path.Combine(_folder, "config/libvirt/qemu/networks");
        Directory.CreateDirectory(Path.Combine(folder, "autostart"));
        await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.xml"), $"<network><name>{name}</name><uuid>{Guid.NewGuid()}</uuid><forward mode='bridge'/><bridge name='{bridge}'/></network>", ct);
        File.CreateSymbolicLink(Path.Combine(folder, "autostart", $"{name}.xml"), $"/etc/libvirt/qemu/networks/{name}.xml");
    }

    // In a mount namespace of the daemon's own, so that neither daemon of the computer sees the other's files.
    private string HideComputersFolders() => "mount --make-rprivate /; " + string.Concat(
        new[] { ("run", "/run"), ("data", "/var/lib/libvirt"), ("cache", "/var/cache/libvirt"), ("log", "/var/log/libvirt"), ("config/libvirt", "/etc/libvirt") }
            .Select(pair => $"mkdir -p {pair.Item2}; mount --bind {_folder}/{pair.Item1} {pair.Item2}; "));

    private static string LastWords(string log) => File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(8)) : "";

    private static async Task<bool> AnswersAsync(string socket)
    {
        using var probe = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(socket));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<string> GroupOfAsync(string user, CancellationToken ct) =>
        (await Postgres.Run.ToEndAsync("id", ["-g", user], ct: ct)).Trim();
}
