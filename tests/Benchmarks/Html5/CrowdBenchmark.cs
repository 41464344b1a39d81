using System.Diagnostics;
using System.Globalization;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>A hundred browsers at once, and video that passes through: before FreeRDP's shadow server, which serves many and sends H.264.</summary>
internal static class CrowdBenchmark
{
    private const int Crowd = 100;
    private const int Hertz = 30;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Video = TimeSpan.FromSeconds(6);

    public static async Task RunAsync(CancellationToken ct)
    {
        await Builds.WorkerAsync(new Progress(Console.Out), ct);
        await using var desktop = await ShadowDesktop.StartAsync(ct);
        var secret = Path.GetTempFileName();        // empty: the shadow server asks nobody
        try
        {
            await using var gateway = await Worker.StartAsync("html5", [desktop.Port.ToString(CultureInfo.InvariantCulture), desktop.CertificateSha256, "", secret], ct, DesktopWorkerHost.Runtime);
            await VideoAsync(gateway, desktop, ct);
            await CrowdAsync(gateway, ct);
        }
        finally { File.Delete(secret); }
    }

    private static async Task VideoAsync(Worker gateway, ShadowDesktop desktop, CancellationToken ct)
    {
        await using var viewer = await GatewayViewer.OpenAsync(gateway, BrowserCapabilities.Zstd | BrowserCapabilities.Avc1);
        using var window = await SceneWindow.OpenAsync(desktop.Display);
        await PlayAsync(window, WarmUp, ct);       // the gateway compiles what it uses while it uses it first
        var (cpu, bytes, frames, from) = (viewer.CpuSeconds(), viewer.FrameBytes, viewer.Frames, Stopwatch.GetTimestamp());
        await PlayAsync(window, Video, ct);
        var seconds = Stopwatch.GetElapsedTime(from).TotalSeconds;
        var (used, rate) = ((viewer.CpuSeconds() - cpu) / seconds, (viewer.Frames - frames) / seconds);
        Report.Note($"html5.video: {rate:0.0} frames a second, {(viewer.FrameBytes - bytes) / seconds / 1e6:0.00} MB/s; load {Report.Load()}");
        // The server's own pace depends on what else the computer does, so the figure is brought to 30 frames a second.
        Report.Print(new("html5.video.cpu", rate == 0 ? double.NaN : used / rate * Hertz, "cores", "limit", 0.03, Target.AtMost(0.03)));
    }

    private static async Task PlayAsync(SceneWindow window, TimeSpan length, CancellationToken ct)
    {
        var from = Stopwatch.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / Hertz));
        for (var i = 1; Stopwatch.GetElapsedTime(from) < length; i++)
        {
            window.Photo(i);
            await tick.WaitForNextTickAsync(ct);
        }
    }

    /// <summary>All connect at the same moment, and each waits for its first picture.</summary>
    private static async Task CrowdAsync(Worker gateway, CancellationToken ct)
    {
        var (cpu, from) = (Usage.CpuSeconds(gateway.ProcessId), Stopwatch.GetTimestamp());
        var opening = Enumerable.Range(0, Crowd).Select(_ => OpenAsync(gateway)).ToList();
        var all = await Task.WhenAll(opening);
        var seconds = Stopwatch.GetElapsedTime(from).TotalSeconds;
        foreach (var problem in all.Where(a => a.Problem is not null).GroupBy(a => a.Problem)) Report.Note($"html5.crowd: {problem.Count()} times: {problem.Key}");
        var workers = GatewayViewer.Workers().ToList();
        var used = workers.Sum(Usage.CpuSeconds) + Usage.CpuSeconds(gateway.ProcessId) - cpu;
        var times = all.Where(a => a.Problem is null).Select(a => a.Seconds).Order().ToList();
        Report.Note($"html5.crowd: {times.Count} of {Crowd} in {seconds:0.0} s, the middle one after {times.ElementAtOrDefault(times.Count / 2):0.0} s; {used / Crowd:0.000} CPU-seconds each; load {Report.Load()}");
        Report.Print(new("html5.crowd.errors", all.Count(a => a.Problem is not null), "of 100", "limit", 0, Target.AtMost(0)));
        Report.Print(new("html5.crowd.memory", workers.Sum(Usage.MemoryKiB) / 1024.0 / Math.Max(1, workers.Count), "MB", "limit", 20, Target.AtMost(20)));
        await Task.WhenAll(all.Where(a => a.Viewer is not null).Select(a => a.Viewer!.DisposeAsync().AsTask())).WaitAsync(TimeSpan.FromSeconds(60), ct);
    }

    private static async Task<(GatewayViewer? Viewer, double Seconds, string? Problem)> OpenAsync(Worker gateway)
    {
        var from = Stopwatch.GetTimestamp();
        try { return (await GatewayViewer.OpenAsync(gateway), Stopwatch.GetElapsedTime(from).TotalSeconds, null); }
        catch (Exception e) when (e is InvalidOperationException or System.Net.WebSockets.WebSocketException or TimeoutException) { return (null, 0, e.Message); }
    }
}
