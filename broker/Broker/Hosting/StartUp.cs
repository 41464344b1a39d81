namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>One thing that must be done, in order, before any background service or endpoint runs.</summary>
internal sealed record StartUpStep(string Name, Func<IServiceProvider, CancellationToken, Task> RunAsync);

/// <summary>Runs the start-up steps in the order in which the slices added them. Registered before every other hosted service.</summary>
internal sealed class StartUp(IEnumerable<StartUpStep> steps, IServiceProvider services, ILogger<StartUp> log) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            log.StartUpStep(step.Name);
            await step.RunAsync(services, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>The hook for slices that have work to do before the broker opens its doors.</summary>
internal static class StartUpExtensions
{
    /// <summary>Adds a step; it runs once at start-up, after the steps added before it. An exception stops the start.</summary>
    public static IServiceCollection AddStartUpStep(
        this IServiceCollection services, string name, Func<IServiceProvider, CancellationToken, Task> runAsync) =>
        services.AddSingleton(new StartUpStep(name, runAsync));
}
