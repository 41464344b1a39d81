namespace Montalegre.Vdi.Agent.Tests;

/// <summary>For facts outside this process, which announce nothing: look again until true, or fail.</summary>
internal static class Deadline
{
    public static async Task UntilAsync(Func<bool> fact, TimeSpan? within = null)
    {
        using var deadline = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(90));
        while (!fact()) await Task.Delay(25, deadline.Token);
    }
}
