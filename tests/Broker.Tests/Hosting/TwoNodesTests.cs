using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Storage;
using Dapper;

namespace Montalegre.Vdi.Broker.Tests.Hosting;

public sealed class TwoNodesTests(TestBroker broker) : IClassFixture<TestBroker>
{
    [Fact]
    public async Task Second_broker_on_the_same_database_sees_the_first_ones_changes_and_does_not_lead()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var second = await broker.SecondNodeAsync();
        var changes = second.Services.GetRequiredService<ChangePump>().Subscribe(patience.Token);
        var pool = Guid.CreateVersion7();

        await using (var connection = await broker.Database.DataSource.OpenConnectionAsync(patience.Token))
            await connection.ExecuteAsync("insert into pool (pool_id, name, kind, size) values (@pool, 'two-nodes', 'manual', 0)", new { pool });

        await foreach (var batch in changes)
        {
            if (batch.Changes.Contains(new Change("pool", pool))) break;
        }
        var epochs = new[] { broker.Services, second.Services }.Select(n => n.GetRequiredService<LeaseKeeper>().Epoch);
        Assert.Single(epochs.OfType<long>());
        await second.StopAsync(patience.Token);
    }
}
