using System.Diagnostics;
using System.Net.Sockets;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Rig.Libvirt;

/// <summary>
/// A private libvirt for one stack or one test: virtlogd and libvirtd in session mode, started by hand as ordinary children,
/// with every file below one folder. Nothing of the computer's own libvirt is read or touched, and no systemd is needed.
/// </summary>
public sealed class LibvirtDaemons : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly List<Process> _processes = [];
    private readonly string _folder;
    private readonly string? _user;

    private LibvirtDaemons(string folder, string? user)
    {
        _folder = folder;
        _user = user;
    }

    /// <summary>Where to connect; any process of the same user, or root, may.</summary>
    public string Uri => $"qemu:///session?socket={Socket}";

    /// <summary>A folder that machines may read and write: for the storage pool.</summary>
    public string StoragePath => Path.Combine(_folder, "storage");

    private string Socket => Path.Combine(_folder, "run", "libvirt", "libvirt-sock");

    /// <summary>
    /// Starts both daemons, or finds them running from before. QEMU must not run as root: a root caller that names no user
    /// gets the service account, others leave it null.
    /// </summary>
    public static async Task<LibvirtDaemons> StartAsync(string folder, string? user, CancellationToken ct)
    {
        user ??= (await ServiceAccount.EnsureAsync(folder, ct)).User;
        // The longest socket below is folder + 35 characters, and a socket's path may have 107.
        if (folder.Length > 70) throw new ArgumentException($"'{folder}' is too long for libvirt's sockets; use at most 70 characters.", nameof(folder));
        var daemons = new LibvirtDaemons(folder, user);
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
                try { if (domain.IsActive) domain.Destroy(); }
                catch (LibvirtException e) when (e.Code is LibvirtError.NoDomain or LibvirtError.OperationInvalid) { }
    }

    /// <summary>Stops what this object started, and only that.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            if (!process.HasExited) await Postgres.Run.ToEndAsync("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            try { await process.WaitForExitAsync().WaitAsync(Patience); }
            catch (TimeoutException) { process.Kill(); }
            process.Dispose();
        }
        _processes.Clear();
    }

    private async Task PrepareAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(_folder);
        foreach (var name in (string[])["run", "config", "cache", "data", "storage"])
            Directory.CreateDirectory(Path.Combine(_folder, name));
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
        string[] command = [.. before, .. environment, "sh", "-c", $"exec {daemon} >>{_folder}/{daemon}.log 2>&1"];
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = "/", RedirectStandardInput = true })
            ?? throw new InvalidOperationException($"{daemon} did not start.");
        process.StandardInput.Close();
        _processes.Add(process);
        var watch = Stopwatch.StartNew();
        while (!await AnswersAsync(socket))
        {
            if (process.HasExited || watch.Elapsed > Patience)
                throw new InvalidOperationException($"{daemon} does not answer at {socket}; see {_folder}/{daemon}.log.");
            await Task.Delay(50, ct);
        }
    }

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
