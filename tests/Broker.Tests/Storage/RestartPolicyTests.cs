using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Tests.Storage;

public sealed class RestartPolicyTests
{
    [Fact]
    public void Waits_grow_and_the_fifth_failure_in_five_minutes_is_the_last()
    {
        var policy = new RestartPolicy(failuresBeforeGivingUp: 5, new FakeTimeProvider());

        Assert.Equal(
            [TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), null],
            Enumerable.Range(0, 5).Select(_ => policy.AfterFailure()).ToArray());
    }

    [Fact]
    public void Failures_more_than_five_minutes_ago_are_forgotten()
    {
        var time = new FakeTimeProvider();
        var policy = new RestartPolicy(failuresBeforeGivingUp: 3, time);
        policy.AfterFailure();
        policy.AfterFailure();

        time.Advance(TimeSpan.FromMinutes(5.1));

        Assert.Equal(TimeSpan.FromSeconds(0.1), policy.AfterFailure());
    }
}
