using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Benchmarks.Brokers;

/// <summary>The whole broker, put together as its own program does it.</summary>
internal static class BrokerWorker
{
    public static async Task<int> RunAsync(string[] settings)
    {
        // Logging stays as in production, console included, because it is part of the cost; its lines go to a file.
        var state = settings.First(s => s.StartsWith("--Hosting:StateDirectory=", StringComparison.Ordinal)).Split('=', 2)[1];
        await using var log = new StreamWriter(Path.Combine(state, "console.log")) { AutoFlush = true };
        Console.SetOut(log);
        await using var app = BrokerApplication.Build(settings);
        await app.StartAsync();
        await WorkerConsole.ServeAsync($"{app.Urls.First()} {app.Urls.Last()}", _ => Task.FromResult(WorkerConsole.Settle()));
        await app.StopAsync();
        return 0;
    }
}
