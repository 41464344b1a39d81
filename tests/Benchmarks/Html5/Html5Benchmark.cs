using System.Diagnostics;
using System.Globalization;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Html5;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>
/// A desktop in a browser, from a real xrdp to the socket. The peer is guacd 1.6.1 as it was measured by hand on this
/// class of machine: it is in no Debian package, so its figures stand here as constants.
/// </summary>
internal static class Html5Benchmark
{
    private const int Connects = 8;
    private const int Keys = 60;
    private const int FramesPerSecond = 25;
    private static readonly TimeSpan Scene = TimeSpan.FromSeconds(6);
    private static readonly (string Name, Action<SceneWindow, int> Draw, double GuacdCpu, double GuacdBytes)[] Scenes =
    [
        ("photo", (w, i) => w.Photo(i), 0.565, 1.10),
        ("text", (w, i) => w.Text(i), 0.615, 3.81),
        ("flat", (w, i) => w.Flat(i), 0.067, 0.05),
    ];

    public static async Task RunAsync(CancellationToken ct)
    {
        await Builds.WorkerAsync(new Progress(Console.Out), ct);
        await using var desktop = await XrdpDesktop.StartAsync();
        var secret = Path.GetTempFileName();
        await File.WriteAllTextAsync(secret, desktop.Password, ct);
        try
        {
            await using var gateway = await Worker.StartAsync("html5", [desktop.Port.ToString(CultureInfo.InvariantCulture), desktop.CertificateSha256, desktop.UserName, secret], ct);
            await ConnectsAsync(gateway, ct);
            await using var browser = await OpenAsync(gateway);
            using var window = await SceneWindow.OpenAsync(await desktop.DisplayAsync());
            await KeysAsync(browser, window, ct);
            browser.Draws = false;        // from here on the server is measured, and tiles it names later are not kept here
            foreach (var (name, draw, guacdCpu, guacdBytes) in Scenes) await SceneAsync(gateway, browser, window, name, draw, guacdCpu, guacdBytes, ct);
            Memory();
            await browser.ByeAsync();
        }
        finally { File.Delete(secret); }
    }

    private static async Task<DesktopClient> OpenAsync(Worker gateway)
    {
        var browser = new DesktopClient(("Origin", $"http://{gateway.Ready}"));
        await browser.ConnectAsync(new Uri($"ws://{gateway.Ready}/desktop/socket"), DesktopWorkerHost.NewTicket());
        if (!await browser.UntilAsync(b => b.Frames > 0 || b.Ended is not null) || browser.Ended is not null)
            throw new InvalidOperationException($"The desktop did not open: {browser.Ended}");
        return browser;
    }

    /// <summary>From the browser's first byte to its first picture, of a session that runs already.</summary>
    private static async Task ConnectsAsync(Worker gateway, CancellationToken ct)
    {
        await using (var first = await OpenAsync(gateway)) await first.ByeAsync();        // starts the session
        var times = new List<double>();
        for (var i = 0; i < Connects; i++)
        {
            await Task.Delay(300, ct);
            var from = Stopwatch.GetTimestamp();
            await using var browser = await OpenAsync(gateway);
            times.Add(Stopwatch.GetElapsedTime(from).TotalSeconds);
            await browser.ByeAsync();
        }
        Report.Print(new("html5.first-picture", Percentile(times, 50), "s", "guacd", 1.31, Target.AtMost(0.7)));
    }

    private static async Task KeysAsync(DesktopClient browser, SceneWindow window, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var answering = window.AnswerKeysAsync(over.Token);
        window.Fill(0x2266CC, 0, 0, 1024, 768);
        await Task.Delay(1500, ct);
        var times = new List<double>();
        for (var i = 0; i < Keys; i++)
        {
            await Task.Delay(97, ct);        // out of step with xrdp's own pace
            var before = browser.Frames;
            var from = Stopwatch.GetTimestamp();
            await browser.KeyAsync(0x1E, down: true);
            if (await browser.UntilAsync(b => b.Frames > before, TimeSpan.FromSeconds(2))) times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            await browser.KeyAsync(0x1E, down: false);
        }
        await over.CancelAsync();
        await answering;
        Report.Note($"html5: {times.Count} of {Keys} keys were answered by a picture; load {Report.Load()}");
        Report.Print(new("html5.key.p50", Percentile(times, 50), "ms", "guacd", 23.2, Target.AtMost(10)));
        Report.Print(new("html5.key.p90", Percentile(times, 90), "ms", "guacd", 24.2, Target.AtMost(15)));
    }

    private static async Task SceneAsync(Worker gateway, DesktopClient browser, SceneWindow window, string name, Action<SceneWindow, int> draw, double guacdCpu, double guacdBytes, CancellationToken ct)
    {
        var (cpu, bytes, frames, from) = (Cpu(gateway), browser.FrameBytes, browser.Frames, Stopwatch.GetTimestamp());
        using (var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / FramesPerSecond)))
            for (var i = 1; Stopwatch.GetElapsedTime(from) < Scene; i++)
            {
                draw(window, i);
                await tick.WaitForNextTickAsync(ct);
            }
        var seconds = Stopwatch.GetElapsedTime(from).TotalSeconds;
        Report.Print(new($"html5.{name}.cpu", (Cpu(gateway) - cpu) / seconds, "cores", "guacd", guacdCpu, Target.RatioAtMost(1.0 / 3)));
        Report.Print(new($"html5.{name}.bytes", (browser.FrameBytes - bytes) / seconds / 1e6, "MB/s", "guacd", guacdBytes, Target.RatioAtMost(1)));
        Report.Note($"html5.{name}: {(browser.Frames - frames) / seconds:0.0} frames a second; load {Report.Load()}");
        await Task.Delay(1500, ct);
    }

    /// <summary>What one worker has written for itself, after all scenes; pages of files are shared with the next worker.</summary>
    private static void Memory()
    {
        foreach (var worker in Workers())
        {
            var own = File.ReadLines($"/proc/{worker}/smaps_rollup").Where(l => l.StartsWith("Private_Dirty:", StringComparison.Ordinal))
                .Sum(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));
            Report.Print(new("html5.worker.memory", own / 1024.0, "MB", "guacd", 57, Target.AtMost(20)));
        }
    }

    private static double Cpu(Worker gateway) => Usage.CpuSeconds(gateway.ProcessId) + Workers().Sum(Usage.CpuSeconds);

    private static IEnumerable<int> Workers() => Process.GetProcesses().Where(p => CommandLine(p.Id).StartsWith("/worker/", StringComparison.Ordinal)).Select(p => p.Id);

    private static string CommandLine(int process)
    {
        try { return File.ReadAllText($"/proc/{process}/cmdline"); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return ""; }
    }

    private static double Percentile(List<double> values, int percent)
    {
        if (values.Count == 0) throw new InvalidOperationException("Nothing was measured.");
        values.Sort();
        return values[Math.Min(values.Count - 1, values.Count * percent / 100)];
    }
}
