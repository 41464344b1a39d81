using System.Diagnostics;
using System.Globalization;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>A browser at our gateway.</summary>
internal sealed class GatewayViewer : IViewer
{
    private const byte A = 0x1E;
    private readonly Worker _gateway;
    private readonly DesktopClient _browser;

    private GatewayViewer(Worker gateway, DesktopClient browser) => (_gateway, _browser) = (gateway, browser);

    public int Frames => _browser.Frames;

    public long FrameBytes => _browser.FrameBytes;

    /// <summary>Opens a desktop and waits for its first picture.</summary>
    public static async Task<GatewayViewer> OpenAsync(Worker gateway, BrowserCapabilities capabilities = BrowserCapabilities.Zstd)
    {
        // Drawing is this process's own work and not the server's: a measurement of the server must not wait for it.
        var browser = new DesktopClient(("Origin", $"http://{gateway.Ready}")) { Draws = false };
        await browser.ConnectAsync(new Uri($"ws://{gateway.Ready}/desktop/socket"), DesktopWorkerHost.NewTicket(), capabilities: capabilities);
        if (await browser.UntilAsync(b => b.Frames > 0 || b.Ended is not null) && browser.Ended is null) return new(gateway, browser);
        var ended = browser.Ended;
        await browser.DisposeAsync();
        throw new InvalidOperationException($"The desktop did not open: {ended?.ToString() ?? "no picture came"}");
    }

    public double CpuSeconds() => Usage.CpuSeconds(_gateway.ProcessId) + Workers().Sum(Usage.CpuSeconds);

    /// <summary>What one worker has written for itself; pages of files are shared with the next worker.</summary>
    public double Megabytes() => Workers().Select(OwnMegabytes).DefaultIfEmpty().Max();

    public Task KeyAsync(bool down) => _browser.KeyAsync(A, down);

    public Task<bool> FrameAfterAsync(int frames, TimeSpan patience) => _browser.UntilAsync(b => b.Frames > frames, patience);

    public async ValueTask DisposeAsync()
    {
        await _browser.ByeAsync();
        await _browser.DisposeAsync();
    }

    public static IEnumerable<int> Workers() => Process.GetProcesses().Where(p => CommandLine(p.Id).StartsWith("/worker/", StringComparison.Ordinal)).Select(p => p.Id);

    public static double OwnMegabytes(int process) => File.ReadLines($"/proc/{process}/smaps_rollup").Where(l => l.StartsWith("Private_Dirty:", StringComparison.Ordinal))
        .Sum(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)) / 1024.0;

    private static string CommandLine(int process)
    {
        try { return File.ReadAllText($"/proc/{process}/cmdline"); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return ""; }
    }
}
