using System.Diagnostics;
using System.Globalization;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>A desktop in a browser, from a real xrdp to the socket; the same through guacd, where there is one.</summary>
internal static class Html5Benchmark
{
    private const int Connects = 8;
    private const int Keys = 60;
    private const int FramesPerSecond = 25;
    private static readonly TimeSpan Scene = TimeSpan.FromSeconds(6);
    private static readonly (string Name, Action<SceneWindow, int> Draw)[] Scenes = [("photo", (w, i) => w.Photo(i)), ("text", (w, i) => w.Text(i)), ("flat", (w, i) => w.Flat(i))];

    // guacd 1.6.1, measured by hand on this class of machine with the same scenes.
    private static readonly Measured Known = new(1.31, 23.2, 24.2, 57, new() { ["photo"] = (0.565, 1.10, 25), ["text"] = (0.615, 3.81, 25), ["flat"] = (0.067, 0.05, 25) });

    public static async Task RunAsync(CancellationToken ct)
    {
        await Builds.WorkerAsync(new Progress(Console.Out), ct);
        var (ours, peer) = await XrdpAsync(ct);
        var against = peer is null ? "guacd-before" : "guacd";
        peer ??= Known;
        Report.Print(new("html5.first-picture", ours.FirstPicture, "s", against, peer.FirstPicture, Target.AtMost(0.7)));
        Report.Print(new("html5.key.p50", ours.KeyP50, "ms", against, peer.KeyP50, Target.AtMost(10)));
        Report.Print(new("html5.key.p90", ours.KeyP90, "ms", against, peer.KeyP90, Target.AtMost(15)));
        foreach (var (name, _) in Scenes)
        {
            Report.Print(new($"html5.{name}.cpu", ours.Scenes[name].Cpu, "cores", against, peer.Scenes[name].Cpu, Target.RatioAtMost(1.0 / 3)));
            Report.Print(new($"html5.{name}.bytes", ours.Scenes[name].Megabytes, "MB/s", against, peer.Scenes[name].Megabytes, Target.RatioAtMost(1)));
        }
        Report.Print(new("html5.worker.memory", ours.Memory, "MB", against, peer.Memory, Target.AtMost(20)));
    }

    private static async Task<(Measured Ours, Measured? Peer)> XrdpAsync(CancellationToken ct)
    {
        await using var desktop = await XrdpDesktop.StartAsync();
        var secret = Path.GetTempFileName();
        await File.WriteAllTextAsync(secret, desktop.Password, ct);
        try
        {
            await using var gateway = await Worker.StartAsync("html5", [desktop.Port.ToString(CultureInfo.InvariantCulture), desktop.CertificateSha256, desktop.UserName, secret], ct, DesktopWorkerHost.Runtime);
            await using (await GatewayViewer.OpenAsync(gateway)) { /* starts the session */ }
            using var window = await SceneWindow.OpenAsync(await desktop.DisplayAsync());
            using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var answering = window.AnswerKeysAsync(over.Token);
            var ours = await MeasureAsync("ours", async () => await GatewayViewer.OpenAsync(gateway), window, ct);
            Measured? peer = null;
            await using (var guacd = await Guacd.StartAsync(ct))
                if (guacd is not null) peer = await MeasureAsync("guacd", async () => await guacd.OpenAsync(desktop, ct), window, ct);
            await over.CancelAsync();
            await answering;
            return (ours, peer);
        }
        finally { File.Delete(secret); }
    }

    private static async Task<Measured> MeasureAsync(string who, Func<Task<IViewer>> open, SceneWindow window, CancellationToken ct)
    {
        var first = new List<double>();
        for (var i = 0; i < Connects; i++)
        {
            await Task.Delay(300, ct);
            var from = Stopwatch.GetTimestamp();
            await using var once = await open();
            first.Add(Stopwatch.GetElapsedTime(from).TotalSeconds);
        }
        await using var viewer = await open();
        var keys = await KeysAsync(who, viewer, window, ct);
        var scenes = new Dictionary<string, (double, double, double)>();
        foreach (var (name, draw) in Scenes) scenes[name] = await SceneAsync(who, viewer, window, name, draw, ct);
        return new(Percentile(first, 50), Percentile(keys, 50), Percentile(keys, 90), viewer.Megabytes(), scenes);
    }

    /// <summary>From a key to the picture that answers it, in milliseconds.</summary>
    private static async Task<List<double>> KeysAsync(string who, IViewer viewer, SceneWindow window, CancellationToken ct)
    {
        window.Fill(0x2266CC, 0, 0, 1024, 768);
        await Task.Delay(1500, ct);
        var times = new List<double>();
        for (var i = 0; i < Keys; i++)
        {
            await Task.Delay(97, ct);        // out of step with xrdp's own pace
            var before = viewer.Frames;
            var from = Stopwatch.GetTimestamp();
            await viewer.KeyAsync(down: true);
            if (await viewer.FrameAfterAsync(before, TimeSpan.FromSeconds(2))) times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            await viewer.KeyAsync(down: false);
        }
        Report.Note($"html5: {who}: {times.Count} of {Keys} keys were answered by a picture; load {Report.Load()}");
        return times;
    }

    private static async Task<(double Cpu, double Megabytes, double Frames)> SceneAsync(string who, IViewer viewer, SceneWindow window, string name, Action<SceneWindow, int> draw, CancellationToken ct)
    {
        var (cpu, bytes, frames, from) = (viewer.CpuSeconds(), viewer.FrameBytes, viewer.Frames, Stopwatch.GetTimestamp());
        using (var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / FramesPerSecond)))
            for (var i = 1; Stopwatch.GetElapsedTime(from) < Scene; i++)
            {
                draw(window, i);
                await tick.WaitForNextTickAsync(ct);
            }
        var seconds = Stopwatch.GetElapsedTime(from).TotalSeconds;
        var result = ((viewer.CpuSeconds() - cpu) / seconds, (viewer.FrameBytes - bytes) / seconds / 1e6, (viewer.Frames - frames) / seconds);
        Report.Note($"html5.{name}: {who}: {result.Item1:0.000} cores, {result.Item2:0.00} MB/s, {result.Item3:0.0} frames a second; load {Report.Load()}");
        await Task.Delay(1500, ct);
        return result;
    }

    private static double Percentile(List<double> values, int percent)
    {
        if (values.Count == 0) throw new InvalidOperationException("Nothing was measured.");
        values.Sort();
        return values[Math.Min(values.Count - 1, values.Count * percent / 100)];
    }

    /// <param name="Memory">MB of one viewer's process.</param>
    /// <param name="Scenes">Cores, MB a second, frames a second.</param>
    private sealed record Measured(double FirstPicture, double KeyP50, double KeyP90, double Memory, Dictionary<string, (double Cpu, double Megabytes, double Frames)> Scenes);
}
