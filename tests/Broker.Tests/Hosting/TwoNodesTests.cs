using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Storage;
using Dapper;

namespace Montalegre.Vdi.Broker.Tests.Hosting;

public sealed class TwoNodesTests(TestBroker broker) : IClassFixture<TestBroker>
{
    [Fact]
    public async Task Second_broker_on_the_same_database_sees_the_first_ones_changes_and_does_not_lead()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await using var second = await broker.SecondNodeAsync();
        var changes = second.Services.GetRequiredService<ChangePump>().Subscribe(patience.Token);
        var pool = await AddPoolAsync();

        await foreach (var batch in changes)
        {
            if (batch.Changes.Contains(new Change("pool", pool))) break;
            if (batch.Lost) pool = await AddPoolAsync();   // it begins to follow only now, and what was before is not told
        }
        // A node that stood still stops leading before the other one begins.
        var keepers = new[] { broker.Services, second.Services }.Select(n => n.GetRequiredService<LeaseKeeper>()).ToList();
        await Eventually.IsTrueAsync(() => keepers.Count(keeper => keeper.Epoch is not null) == 1, "one of the two leads");
        await second.StopAsync(patience.Token);

        async Task<Guid> AddPoolAsync()
        {
            var added = Guid.CreateVersion7();
            await using var connection = await broker.Database.DataSource.OpenConnectionAsync(patience.Token);
            await connection.ExecuteAsync("insert into pool (pool_id, name, kind, size) values (@added, @added::text, 'manual', 0)", new { added });
            return added;
        }
    }
}
