using System.Diagnostics;
using System.Globalization;
using Montalegre.Vdi.Benchmarks.Processes;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>
/// The clients: <c>send PORT CONNECTIONS RECORD SECONDS</c> answers bytes and seconds; <c>hold PORT COUNT</c> opens idle ones, <c>drop</c> closes
/// them; <c>open-rdg PORT COUNT</c> opens tunnels one after the other and answers the milliseconds of each.
/// </summary>
internal static class SourceWorker
{
    private const int FullRecord = 16 * 1024;
    private const long PartLength = 32 << 20;
    private const int HandshakesAtOnce = 16;
    private static readonly List<SourceConnection> Held = [];

    public static async Task<int> RunAsync()
    {
        await WorkerConsole.ServeAsync("ready", async order => order switch
        {
            ["send", var port, var connections, var record, var seconds] => await SendAsync(Number(port), Number(connections), Number(record), TimeSpan.FromSeconds(Number(seconds)), SourceConnection.OpenAsync),
            ["send-rdg", var port, var connections, var record, var seconds] => await SendAsync(Number(port), Number(connections), Number(record), TimeSpan.FromSeconds(Number(seconds)), SourceConnection.OpenThroughGatewayAsync),
            ["hold", var port, var count] => await HoldAsync(Number(port), Number(count)),
            ["drop"] => await DropAsync(),
            ["open-rdg", var port, var count] => await OpenAsync(Number(port), Number(count)),
            _ => throw new InvalidOperationException($"No such order: {string.Join(' ', order)}"),
        });
        return 0;
    }

    private static async Task<string> SendAsync(int port, int connections, int record, TimeSpan duration, Func<int, Task<SourceConnection>> openAsync)
    {
        var open = new List<SourceConnection>();
        for (var i = 0; i < connections; i++) open.Add(await openAsync(port));
        // Several full records in one write are what a TLS stream makes of a large buffer; short ones are written one by one.
        var chunk = new byte[record == FullRecord ? 4 * FullRecord : record];
        Random.Shared.NextBytes(chunk);
        using var patience = new CancellationTokenSource(duration * 5 + TimeSpan.FromSeconds(20));
        var from = Stopwatch.GetTimestamp();
        var parts = await Task.WhenAll(open.Select(c => Task.Run(async () =>
        {
            var sent = 0;
            for (; Stopwatch.GetElapsedTime(from) < duration; sent++) await c.SendAsync(chunk, PartLength, patience.Token);
            return sent;
        })));
        var seconds = Stopwatch.GetElapsedTime(from).TotalSeconds;
        foreach (var connection in open) await connection.DisposeAsync();
        return string.Create(CultureInfo.InvariantCulture, $"{parts.Sum() * PartLength} {seconds:0.0000}");
    }

    private static async Task<string> HoldAsync(int port, int count)
    {
        var opened = new SourceConnection[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = HandshakesAtOnce }, async (i, ct) =>
        {
            opened[i] = await SourceConnection.OpenAsync(port);
            await opened[i].SendAsync(new byte[1400], 1400, ct);   // through to the sink and back, so the relay stands
        });
        Held.AddRange(opened);
        return "held";
    }

    private static async Task<string> DropAsync()
    {
        foreach (var connection in Held) await connection.DisposeAsync();
        Held.Clear();
        return "dropped";
    }

    /// <summary>From the first packet to the answer of the machine behind the tunnel: what a person waits for once the machine is ready.</summary>
    private static async Task<string> OpenAsync(int port, int count)
    {
        var each = new double[count];
        for (var i = 0; i < count; i++)
        {
            var from = Stopwatch.GetTimestamp();
            await using var tunnel = await SourceConnection.OpenThroughGatewayAsync(port);
            await tunnel.SendAsync(new byte[1400], 1400, CancellationToken.None);
            each[i] = Stopwatch.GetElapsedTime(from).TotalMilliseconds;
        }
        return string.Join(' ', each.Select(ms => ms.ToString("0.000", CultureInfo.InvariantCulture)));
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
