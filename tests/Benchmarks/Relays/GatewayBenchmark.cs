using System.Globalization;
using Montalegre.Vdi.Benchmarks.Figures;
using Montalegre.Vdi.Benchmarks.Processes;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>How long a client waits at the gateway's door while thousands of half-open connections stand there, against the same door without them.</summary>
internal static class GatewayBenchmark
{
    private const int Strangers = 5_000;
    private const int Rounds = 3;
    private const int OpenedARound = 100;

    public static async Task RunAsync(CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("montalegre-gateway-").FullName;
        try
        {
            var certificate = Path.Combine(directory, "benchmark.pem");
            await TestCertificate.WriteAsync(certificate, ct);
            await using var sink = await Worker.StartAsync("sink", [certificate], ct);
            await using var source = await Worker.StartAsync("source", [], ct);
            await using var crowd = await Worker.StartAsync("crowd", [], ct);
            await using var gateway = await Worker.StartAsync("rdg-relay", [certificate, sink.Ready], ct, RelayBenchmark.GatewayRuntime);

            await OpenAsync(source, gateway, ct);                       // until everything is compiled
            var (alone, crowded) = (new List<double>(), new List<double>());
            var fewest = Strangers;
            for (var round = 0; round < Rounds; round++)
            {
                alone.AddRange(await OpenAsync(source, gateway, ct));
                await crowd.AskAsync($"come {gateway.Ready} {Strangers}", TimeSpan.FromSeconds(120), ct);
                crowded.AddRange(await OpenAsync(source, gateway, ct));
                fewest = Math.Min(fewest, int.Parse(await crowd.AskAsync("go", TimeSpan.FromSeconds(60), ct), CultureInfo.InvariantCulture));
            }
            Report.Print(new("gateway.half-open.p99", At(crowded, 0.99), "ms", "alone", At(alone, 0.99), Target.RatioAtMost(2.0)));
            Report.Print(new("gateway.half-open.p50", At(crowded, 0.5), "ms", "alone", At(alone, 0.5), Target.RatioAtMost(2.0)));
            Report.Note($"gateway: {OpenedARound * Rounds} tunnels each, from the first packet to the machine's answer, one at a time; at least {fewest} of {Strangers} half-open connections stood to the end; load {Report.Load()}");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<double[]> OpenAsync(Worker source, Worker gateway, CancellationToken ct) =>
        [.. (await source.AskAsync($"open-rdg {gateway.Ready} {OpenedARound}", TimeSpan.FromSeconds(120), ct)).Split(' ').Select(ms => double.Parse(ms, CultureInfo.InvariantCulture))];

    private static double At(List<double> values, double part) => values.Order().ElementAt((int)(values.Count * part));
}
