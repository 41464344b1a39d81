namespace Montalegre.Vdi.Broker.Tests.Agents;

/// <summary>Waits for a fact of another process or task, with a deadline.</summary>
internal static class Until
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    public static async Task TrueAsync(Func<Task<bool>> fact, string what)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!await fact())
        {
            if (deadline.IsCancellationRequested) Assert.Fail($"Not within {Deadline}: {what}");
            await Task.Delay(20);
        }
    }

    public static Task EqualAsync<T>(T expected, Func<Task<T>> actual) => TrueAsync(async () => Equals(expected, await actual()), $"{expected}");
}
