namespace Montalegre.Vdi.Rig.Clients;

/// <summary>Waits for a fact about another process, which cannot raise an event here, up to a deadline.</summary>
public static class Eventually
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    /// <summary>True when the fact held before the patience ran out.</summary>
    public static async Task<bool> IsTrueAsync(Func<Task<bool>> fact, TimeSpan patience)
    {
        using var tick = new PeriodicTimer(Step);
        using var deadline = new CancellationTokenSource(patience);
        try
        {
            while (!await fact()) await tick.WaitForNextTickAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException) { return false; }
    }

    /// <summary>True when the fact held before the patience ran out.</summary>
    public static Task<bool> IsTrueAsync(Func<bool> fact, TimeSpan patience) => IsTrueAsync(() => Task.FromResult(fact()), patience);
}
