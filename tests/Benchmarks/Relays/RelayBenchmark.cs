using System.Globalization;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>Our relay against haproxy with the same certificate, clients and sink, turn by turn on the same cores.</summary>
internal static class RelayBenchmark
{
    private const int Connections = 4;
    private const int Rounds = 3;
    private const int SecondsARound = 4;
    private const int IdleRelays = 2_000;
    private static readonly (string Name, int Record)[] Sizes = [("16k", 16 * 1024), ("1400", 1400)];

    // As the gateway's own project has it: one small heap, no second thread that collects.
    internal static readonly Dictionary<string, string> GatewayRuntime = new() { ["DOTNET_gcServer"] = "0", ["DOTNET_gcConcurrent"] = "0" };

    private sealed record Side(string Name, int Port, int ProcessId, string Order = "send");

    private sealed record Measured(double Gigabits, double CpuPerGigabyte);

    public static async Task RunAsync(CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("montalegre-relay-").FullName;
        try
        {
            var certificate = Path.Combine(directory, "benchmark.pem");
            await TestCertificate.WriteAsync(certificate, ct);
            await using var sink = await Worker.StartAsync("sink", [certificate], ct);
            await using var source = await Worker.StartAsync("source", [], ct);
            await using var relay = await Worker.StartAsync("relay", [certificate, sink.Ready], ct, GatewayRuntime);
            await using var haproxy = await Haproxy.StartAsync(directory, certificate, int.Parse(sink.Ready, CultureInfo.InvariantCulture), ct);
            var ours = new Side("ours", int.Parse(relay.Ready, CultureInfo.InvariantCulture), relay.ProcessId);
            var theirs = new Side("haproxy", haproxy.Port, haproxy.ProcessId);

            // Idle memory first: afterwards both keep what the transfers made them allocate.
            await IdleAsync(relay, source, ours, theirs, ct);
            foreach (var (name, record) in Sizes) await CompareAsync(source, name, record, ours, theirs, ct);
            await using var rdg = await Worker.StartAsync("rdg-relay", [certificate, sink.Ready], ct, GatewayRuntime);
            var tunnel = new Side("rdg", int.Parse(rdg.Ready, CultureInfo.InvariantCulture), rdg.ProcessId, "send-rdg");
            // Full records only: the source gathers small ones, which in a tunnel would make them large packets.
            await CompareTunnelAsync(source, Sizes[0].Name, Sizes[0].Record, tunnel, ours, ct);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task CompareAsync(Worker source, string name, int record, Side ours, Side theirs, CancellationToken ct)
    {
        foreach (var side in new[] { ours, theirs }) await SendAsync(source, side, record, 2, ct);
        var (a, b) = (new List<Measured>(), new List<Measured>());
        for (var round = 0; round < Rounds; round++)
        {
            a.Add(await SendAsync(source, ours, record, SecondsARound, ct));
            b.Add(await SendAsync(source, theirs, record, SecondsARound, ct));
        }
        Report.Print(new($"relay.{name}.throughput", Median(a, m => m.Gigabits), "Gbit/s", "haproxy", Median(b, m => m.Gigabits), Target.RatioAtLeast(1.0)));
        Report.Print(new($"relay.{name}.cpu", Median(a, m => m.CpuPerGigabyte), "s/GB", "haproxy", Median(b, m => m.CpuPerGigabyte), Target.RatioAtMost(1.0)));
        Report.Note($"relay: {Connections} connections, TLS on both sides, median of {Rounds} rounds of {SecondsARound} s; load {Report.Load()}");
    }

    /// <summary>The RD Gateway, channel end to end, against our own plain relay: what packets and the web server cost.</summary>
    private static async Task CompareTunnelAsync(Worker source, string name, int record, Side rdg, Side plain, CancellationToken ct)
    {
        foreach (var side in new[] { rdg, plain }) await SendAsync(source, side, record, 2, ct);
        var (a, b) = (new List<Measured>(), new List<Measured>());
        for (var round = 0; round < Rounds; round++)
        {
            a.Add(await SendAsync(source, rdg, record, SecondsARound, ct));
            b.Add(await SendAsync(source, plain, record, SecondsARound, ct));
        }
        Report.Print(new($"relay.rdg.{name}.throughput", Median(a, m => m.Gigabits), "Gbit/s", "plain", Median(b, m => m.Gigabits), Target.RatioAtLeast(0.5)));
        Report.Print(new($"relay.rdg.{name}.cpu", Median(a, m => m.CpuPerGigabyte), "s/GB", "plain", Median(b, m => m.CpuPerGigabyte), Target.RatioAtMost(1.25)));
        Report.Note($"relay.rdg: {Connections} WebSocket channels that end at the machine, one TLS of ours each where the plain relay has two; load {Report.Load()}");
    }

    private static async Task<Measured> SendAsync(Worker source, Side side, int record, int seconds, CancellationToken ct)
    {
        var before = Usage.CpuSeconds(side.ProcessId);
        var answer = await source.AskAsync($"{side.Order} {side.Port} {Connections} {record} {seconds}", TimeSpan.FromSeconds(60), ct);
        var cpu = Usage.CpuSeconds(side.ProcessId) - before;
        var parts = answer.Split(' ').Select(p => double.Parse(p, CultureInfo.InvariantCulture)).ToArray();
        return new(parts[0] * 8 / 1e9 / parts[1], cpu / (parts[0] / 1e9));
    }

    private static async Task IdleAsync(Worker relay, Worker source, Side ours, Side theirs, CancellationToken ct)
    {
        var each = new Dictionary<string, double>();
        var managed = 0.0;
        foreach (var side in new[] { ours, theirs })
        {
            await HoldAsync(source, side, 50, ct);
            await DropAsync(source, ct);
            var objects = await SettleAsync(relay, ct);
            var before = Usage.MemoryKiB(side.ProcessId);
            await HoldAsync(source, side, IdleRelays, ct);
            objects = await SettleAsync(relay, ct) - objects;
            each[side.Name] = (Usage.MemoryKiB(side.ProcessId) - before) / (double)IdleRelays;
            if (side == ours) managed = objects / 1024 / IdleRelays;
            await DropAsync(source, ct);
        }
        Report.Print(new("relay.idle-memory", each[ours.Name], "KB", "haproxy", each[theirs.Name], Target.AtMost(45)));
        Report.Note($"relay: {IdleRelays} idle relays, each with two TLS connections, proportional set size after a collection; ours holds {managed:0.0} KB of managed objects each; load {Report.Load()}");
    }

    private static async Task<double> SettleAsync(Worker relay, CancellationToken ct) =>
        double.Parse(await relay.AskAsync("settle", TimeSpan.FromSeconds(60), ct), CultureInfo.InvariantCulture);

    private static Task<string> HoldAsync(Worker source, Side side, int count, CancellationToken ct) => source.AskAsync($"hold {side.Port} {count}", TimeSpan.FromSeconds(120), ct);

    private static Task<string> DropAsync(Worker source, CancellationToken ct) => source.AskAsync("drop", TimeSpan.FromSeconds(60), ct);

    private static double Median(List<Measured> values, Func<Measured, double> of) => values.Select(of).Order().ElementAt(values.Count / 2);
}
