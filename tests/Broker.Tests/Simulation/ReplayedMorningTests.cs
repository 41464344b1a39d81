using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Tests.Provisioning;

namespace Montalegre.Vdi.Broker.Tests.Simulation;

/// <summary>What-if with nothing changed must tell what happened: else nobody need believe what it tells of a change.</summary>
public sealed class ReplayedMorningTests(FollowerBroker follower, TestDatabase database) : IClassFixture<FollowerBroker>, IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData("floating", 16, 3, null, "breadth", 11)]
    [InlineData("dedicated", 80, 3, null, "breadth", 12)]
    [InlineData("multi_session", 4, 2, 3, "breadth", 13)]
    [InlineData("multi_session", 4, 2, 3, "depth", 14)]
    public async Task A_recorded_morning_replayed_unchanged_makes_the_same_people_wait_as_long_as_they_did(string kind, int size, int spare, int? seats, string distribution, int seed)
    {
        await using var simulated = await SimulatedDatabase.MakeAsync(database);
        await simulated.BeginAsync(seed);
        await using var broker = new SimulatedBroker(simulated, follower.Broker, host => new FakeHypervisor(host));
        var morning = new RecordedMorning(simulated, broker, seed);
        await morning.RunAsync(kind, size, spare, seats, distribution);

        var whatIf = new WhatIf(new(simulated.DataSource, simulated.DataSource), follower.Broker.Services.GetRequiredService<IOptions<ProvisioningOptions>>());
        var replayed = (await whatIf.RunAsync(morning.Pool, null, null, null, 1, TestContext.Current.CancellationToken)).AsIs;

        Assert.InRange(morning.Waits.Count, 3, morning.Arrivals - 5);      // some waited and some did not: else this shows nothing
        Assert.Equal(morning.Arrivals, replayed.Arrivals);
        Assert.All(replayed.Waits, w => Assert.True(w.Served));
        Assert.Equal(
            morning.Waits.OrderBy(w => w.Key).Select(w => $"{w.Key} {w.Value}"),
            replayed.Waits.OrderBy(w => w.Person, StringComparer.Ordinal).Select(w => $"{w.Person} {w.Wait}"));
    }
}
