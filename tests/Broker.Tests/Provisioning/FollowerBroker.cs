namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>A whole broker that does not lead: its own loops leave the journal to the test.</summary>
public sealed class FollowerBroker(TestCluster cluster) : IAsyncLifetime
{
    public TestBroker Broker { get; } = new(cluster) { Leads = false };

    public ValueTask InitializeAsync() => Broker.InitializeAsync();

    public ValueTask DisposeAsync() => Broker.DisposeAsync();
}
