namespace Montalegre.Vdi.Broker.Tests.Storage;

/// <summary>Waits for a fact of another process, which sends no event, up to a deadline.</summary>
internal static class Eventually
{
    public static Task IsTrueAsync(Func<bool> fact, string what) => IsTrueAsync(() => Task.FromResult(fact()), what);

    public static async Task IsTrueAsync(Func<Task<bool>> fact, string what)
    {
        var deadline = DateTime.UtcNow + BrokerProcess.Deadline;
        while (!await fact())
        {
            Assert.True(DateTime.UtcNow < deadline, $"Not in time: {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
