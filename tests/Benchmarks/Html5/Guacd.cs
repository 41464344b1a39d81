using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>
/// guacd, the peer. It is in no Debian package; whoever has built one by hand names its program in an environment variable, and it is
/// measured in the same run. Otherwise the figures of guacd 1.6.1 stand, as they were measured on this class of machine.
/// </summary>
internal sealed class Guacd : IAsyncDisposable
{
    public const string Variable = "MONTALEGRE_GUACD";
    private const string Libraries = "MONTALEGRE_GUACD_LIBRARIES";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly int _port;

    private Guacd(Process process, int port) => (_process, _port) = (process, port);

    public static async Task<Guacd?> StartAsync(CancellationToken ct)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } program) return null;
        if (!File.Exists(program)) throw new InvalidOperationException($"{Variable} is {program}, which does not exist.");
        var port = LoopbackPorts.Free();
        var libraries = Environment.GetEnvironmentVariable(Libraries) ?? Path.GetFullPath(Path.Combine(program, "../../lib"));
        var guacd = new Guacd(Child.Start(program, ["-f", "-b", "127.0.0.1", "-l", port.ToString(CultureInfo.InvariantCulture)], new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = libraries }), port);
        guacd._process.BeginOutputReadLine();
        guacd._process.BeginErrorReadLine();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await guacd.AcceptsAsync())
        {
            if (guacd._process.HasExited) throw new InvalidOperationException($"{program} ended with {guacd._process.ExitCode}.");
            await tick.WaitForNextTickAsync(deadline.Token);
        }
        return guacd;
    }

    /// <summary>A desktop through guacd, once its first picture is there.</summary>
    public Task<GuacdViewer> OpenAsync(XrdpDesktop desktop, CancellationToken ct) => GuacdViewer.OpenAsync(this, _port, desktop, ct);

    /// <summary>Of guacd and the process that it starts for each connection.</summary>
    public double CpuSeconds() => Processes().Sum(Usage.CpuSeconds);

    public double Megabytes() => Processes().Select(GatewayViewer.OwnMegabytes).Max();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private IEnumerable<int> Processes()
    {
        yield return _process.Id;
        foreach (var task in Directory.EnumerateDirectories($"/proc/{_process.Id}/task"))
            foreach (var child in File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                yield return int.Parse(child, CultureInfo.InvariantCulture);
    }

    private async Task<bool> AcceptsAsync()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, _port);
            return true;
        }
        catch (SocketException) { return false; }
    }
}
