using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Benchmarks.Processes;

namespace Montalegre.Vdi.Benchmarks.AgentStreams;

/// <summary>All agents: <c>connect COUNT</c> answers how long it took, <c>beat ROUNDS</c> sends one heartbeat a second each, <c>open</c> counts streams, <c>close</c> ends them.</summary>
internal static class AgentWorker
{
    private const int HandshakesAtOnce = 32;
    private static readonly List<AgentConnection> Agents = [];

    public static async Task<int> RunAsync(string identities, string channel, string authority)
    {
        var certificates = AgentIdentities.Read(identities);
        var trust = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(authority) },
        };
        await WorkerConsole.ServeAsync("ready", async order => order switch
        {
            ["connect", var count] => await ConnectAsync(channel, certificates.Take(Number(count)), trust),
            ["beat", var rounds] => await BeatAsync(Number(rounds)),
            ["open"] => Agents.Count(a => !a.Ended.IsCompleted).ToString(CultureInfo.InvariantCulture),
            ["close"] => Close(),
            _ => throw new InvalidOperationException($"No such order: {string.Join(' ', order)}"),
        });
        return 0;
    }

    private static async Task<string> ConnectAsync(string channel, IEnumerable<X509Certificate2> certificates, X509ChainPolicy trust)
    {
        var from = Stopwatch.GetTimestamp();
        var again = 0;
        await Parallel.ForEachAsync(certificates, new ParallelOptions { MaxDegreeOfParallelism = HandshakesAtOnce }, async (certificate, ct) =>
        {
            var (agent, attempts) = await AgentConnection.OpenAsync(channel, certificate, trust, ct);
            Interlocked.Add(ref again, attempts - 1);
            lock (Agents) Agents.Add(agent);
        });
        return string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(from).TotalSeconds:0.0} s with {again} repeated attempts");
    }

    private static async Task<string> BeatAsync(int rounds)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var round = 0; round < rounds; round++)
        {
            await tick.WaitForNextTickAsync();
            await Task.WhenAll(Agents.Select(a => a.BeatAsync()));
        }
        return (rounds * Agents.Count).ToString(CultureInfo.InvariantCulture);
    }

    private static string Close()
    {
        foreach (var agent in Agents) agent.Dispose();
        Agents.Clear();
        return "closed";
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
