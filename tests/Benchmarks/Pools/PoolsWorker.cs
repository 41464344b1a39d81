using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Tests.Provisioning;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Benchmarks.Pools;

/// <summary>The whole broker on hosts in memory, whose machines have booted and report twenty seconds after their start.</summary>
internal static class PoolsWorker
{
    /// <summary>From power-on to the agent's report, on every host and at any number at once.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(string[] settings)
    {
        var state = settings.First(s => s.StartsWith("--Hosting:StateDirectory=", StringComparison.Ordinal)).Split('=', 2)[1];
        await using var log = new StreamWriter(Path.Combine(state, "console.log")) { AutoFlush = true };
        Console.SetOut(log);
        using var over = new CancellationTokenSource();
        WebApplication? app = null;
        app = BrokerApplication.Build(settings, services => services.AddSingleton<Func<HypervisorHost, IHypervisor>>(host => new FakeHypervisor(host)
        {
            Load = new(64, 2_000_000, 1_900_000, null),
            After = (verb, machine) =>
            {
                if (verb == nameof(IHypervisor.StartAsync)) _ = BootAsync(app!.Services, machine, over.Token);
            },
        }));
        await using (app)
        {
            await app.StartAsync();
            await WorkerConsole.ServeAsync($"{app.Urls.First()} {app.Urls.Last()}", _ => Task.FromResult(WorkerConsole.Settle()));
            await over.CancelAsync();
            await app.StopAsync();
        }
        return 0;
    }

    private static async Task BootAsync(IServiceProvider services, MachineId machine, CancellationToken ct)
    {
        await Task.Delay(Start, ct);
        await services.GetRequiredService<AgentStore>().GreetAsync(machine, services.GetRequiredService<Node>().Id, new Hello { BootId = Guid.NewGuid().ToString() }, new(Guid.NewGuid()));
    }
}
