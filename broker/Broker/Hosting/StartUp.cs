using Npgsql;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>One thing that must be done, in order, before any background service or endpoint runs. It may be broken off and run again.</summary>
internal sealed record StartUpStep(string Name, Func<IServiceProvider, CancellationToken, Task> RunAsync);

/// <summary>
/// Runs the start-up steps in the order in which the slices added them. Registered before every other hosted service. A database
/// that does not answer costs the start no more than its time, as after a power cut, when both start together: the step is run
/// again until it is done or refused.
/// </summary>
internal sealed class StartUp(IEnumerable<StartUpStep> steps, IServiceProvider services, TimeProvider time, ILogger<StartUp> log) : IHostedService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            log.StartUpStep(step.Name);
            while (!await RunAsync(step, cancellationToken)) await Task.Delay(RetryDelay, time, cancellationToken);
        }
    }

    private async Task<bool> RunAsync(StartUpStep step, CancellationToken ct)
    {
        try
        {
            await step.RunAsync(services, ct);
            return true;
        }
        catch (NpgsqlException e) when (e.IsTransient)
        {
            log.StartUpStepAgain(step.Name, RetryDelay, e);
            return false;
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
