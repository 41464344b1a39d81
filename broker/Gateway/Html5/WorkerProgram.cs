using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>Starts workers: launcher, then sandbox, then the worker itself, which calls back on a socket of its own.</summary>
/// <remarks>
/// The kernel's parent-death signal belongs to the thread that made the child, so one thread that never ends makes them all:
/// when the gateway dies, its workers do.
/// </remarks>
internal sealed class WorkerProgram : IDisposable
{
    public const string Name = "Montalegre.Vdi.RdpWorker";
    private const string LargeTemporary = "/var/tmp";
    private const string Launcher = "montalegre-launch";
    private static readonly string[] Libraries = ["/usr/lib", "/lib", "/lib64"];

    private readonly BlockingCollection<Action> _work = [];
    private readonly Html5Options _options;
    private readonly WorkerGroups _groups;
    private readonly TimeSpan _machineDeadline;
    private readonly string _folder;

    public WorkerProgram(IOptions<Html5Options> options, IOptions<GatewayOptions> gateway, WorkerGroups groups)
    {
        (_options, _groups) = (options.Value, groups);
        _machineDeadline = gateway.Value.MachineDeadline;
        // A socket's path has at most 107 bytes, so this cannot be below an installation's own folder.
        _folder = Directory.CreateTempSubdirectory("mvdi-").FullName;
        new Thread(Run) { IsBackground = true, Name = "spawner" }.Start();
    }

    public bool IsInstalled => _options.WorkerFolder.Length > 0;

    /// <summary>Starts one for this machine; the answer comes when it has called back, or when it ended before that.</summary>
    public async Task<StartedWorker> StartAsync(string host, int port, CancellationToken ct)
    {
        var path = Path.Combine(_folder, Convert.ToHexString(RandomNumberGenerator.GetBytes(8)));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        Process? process = null;
        try
        {
            listener.Listen(1);
            process = await SpawnAsync(path, host, port);
            var exited = process.WaitForExitAsync(ct);
            var called = listener.AcceptAsync(ct).AsTask();
            if (await Task.WhenAny(called, exited) == called) return new StartedWorker(process, await called);
            await exited;
            return new StartedWorker(process, null);
        }
        catch
        {
            if (process is not null) Kill(process);
            throw;
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static void Kill(Process process)
    {
        try { process.Kill(); }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        Directory.Delete(_folder, recursive: true);
    }

    // Not the folder of the sockets: that one may be in memory.
    private string DriveFolder => _options.DriveFolder.Length > 0 ? _options.DriveFolder : Directory.Exists(LargeTemporary) ? LargeTemporary : Path.GetTempPath();

    private Task<Process> SpawnAsync(string path, string host, int port)
    {
        var start = new ProcessStartInfo(Path.Combine(_options.WorkerFolder, Launcher))
        {
            WorkingDirectory = "/", RedirectStandardInput = false, UseShellExecute = false,
        };
        start.Environment.Clear();
        string[] arguments =
        [
            path, host, port.ToString(CultureInfo.InvariantCulture), ((int)_machineDeadline.TotalMilliseconds).ToString(CultureInfo.InvariantCulture),
            _options.WorkerMemory.ToString(CultureInfo.InvariantCulture), _groups.New() ?? "-", DriveFolder, _options.DriveSize.ToString(CultureInfo.InvariantCulture),
            .. SandboxArguments(), $"/worker/{Name}",
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return SpawnAsync(start);
    }

    /// <summary>Starts a program by the one thread that its end may be tied to.</summary>
    public Task<Process> SpawnAsync(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try { started.SetResult(Process.Start(start)!); }
            catch (Exception e) { started.SetException(e); }
        });
        return started.Task;
    }

    /// <summary>No network, no other processes, no files but libraries and the worker, nobody's rights.</summary>
    private IEnumerable<string> SandboxArguments()
    {
        yield return _options.Sandbox;
        foreach (var flag in new[] { "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL" }) yield return flag;
        foreach (var flag in new[] { "--unshare-user", "--uid", "65534", "--gid", "65534", "--hostname", "worker" }) yield return flag;
        foreach (var folder in Libraries) foreach (var part in new[] { "--ro-bind-try", folder, folder }) yield return part;
        foreach (var part in new[] { "--ro-bind", _options.WorkerFolder, "/worker", "--proc", "/proc", "--dev", "/dev" }) yield return part;
        foreach (var part in new[] { "--size", "1048576", "--tmpfs", "/home", "--setenv", "HOME", "/home", "--setenv", "DOTNET_GCHeapHardLimit", "0xC000000" }) yield return part;
        // Small heaps: a worker has a dozen threads that allocate next to nothing.
        foreach (var part in new[] { "--setenv", "DOTNET_GCgen0size", "0x100000", "--setenv", "MALLOC_ARENA_MAX", "2" }) yield return part;
        foreach (var part in new[] { "--chdir", "/", "--remount-ro", "/", "--" }) yield return part;
    }

    private void Run()
    {
        foreach (var start in _work.GetConsumingEnumerable()) start();
    }
}

/// <param name="Control">Null when the process ended before it called back.</param>
internal sealed record StartedWorker(Process Process, Socket? Control)
{
    /// <summary>Why it did not call back; asked only when <see cref="Control"/> is null.</summary>
    public ReasonCode WhyNot => Process.ExitCode == WorkerExit.NoMachine ? ReasonCode.MachineDidNotAnswer : ReasonCode.BrowserDesktopUnavailable;
}
