using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Agent.Linux;

namespace Montalegre.Vdi.Agent.Tests;

public sealed class LogOffSessionTests
{
    [Fact]
    public async Task Process_that_ends_while_the_agent_stands_still_does_not_count_as_left()
    {
        var time = new FakeTimeProvider();
        var looks = 0;
        var left = LogOffSession.UntilGoneAsync(Look, TimeSpan.FromSeconds(5), time, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(await left);

        // After the first look comes a pause that is longer than the patience.
        List<Proc> Look()
        {
            if (++looks > 1) return [];
            time.Advance(TimeSpan.FromSeconds(10));
            return [new Proc(1, 0, "slow", 1)];
        }
    }
}
