using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Storage;

public sealed class ChangePumpTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly CancellationTokenSource _done = new(TimeSpan.FromMinutes(3));
    private readonly ChangePump _pump = new(new ChangeStore(database.DataSource), TimeProvider.System, NullLogger<ChangePump>.Instance);

    public async ValueTask InitializeAsync()
    {
        using var begun = CancellationTokenSource.CreateLinkedTokenSource(_done.Token);
        await using var changes = _pump.Subscribe(begun.Token).GetAsyncEnumerator(begun.Token);
        await _pump.StartAsync(CancellationToken.None);
        Assert.True(await changes.MoveNextAsync());
        Assert.True(changes.Current.Lost);   // the pump knows where it stands: from here on nothing is missed
    }

    public async ValueTask DisposeAsync()
    {
        await _pump.StopAsync(CancellationToken.None);
        _pump.Dispose();
        _done.Dispose();
    }

    [Fact]
    public async Task Change_of_a_row_reaches_every_subscriber_of_the_node()
    {
        var one = _pump.Subscribe(_done.Token);
        var other = _pump.Subscribe(_done.Token);

        var pool = await InsertPoolAsync();
        _pump.Ring();

        await FindAsync(one, pool);
        await FindAsync(other, pool);
    }

    [Fact]
    public async Task Change_of_a_slow_transaction_is_not_stepped_over_by_a_faster_one_that_began_later()
    {
        var changes = _pump.Subscribe(_done.Token);
        await using var slow = await database.DataSource.OpenConnectionAsync(_done.Token);
        await using var transaction = await slow.BeginTransactionAsync(_done.Token);
        var first = await InsertPoolAsync(slow);
        var second = await InsertPoolAsync();
        for (var i = 0; i < 20; i++) _pump.Ring();

        await transaction.CommitAsync(_done.Token);

        await FindAsync(changes, first, second);
    }

    [Fact]
    public async Task Slow_subscriber_is_told_that_it_lost_changes_and_gets_what_comes_after()
    {
        var subscription = new ChangeSubscription();
        var before = new ChangeBatch([new Change("pool", Guid.CreateVersion7())], Lost: false);
        var after = new ChangeBatch([new Change("pool", Guid.CreateVersion7())], Lost: false);
        for (var i = 0; i < 1000; i++) subscription.Offer(before);
        await using var reading = subscription.ReadAsync(_done.Token).GetAsyncEnumerator(_done.Token);

        Assert.True(await reading.MoveNextAsync());
        Assert.True(reading.Current.Lost);
        subscription.Offer(after);
        Assert.True(await reading.MoveNextAsync());
        Assert.Equal(after, reading.Current);
    }

    [Fact]
    public async Task Pump_survives_the_loss_of_its_connections_and_misses_nothing()
    {
        var changes = _pump.Subscribe(_done.Token);
        await database.Owner.CreateCommand("select 1").ExecuteScalarAsync(_done.Token);
        var before = await InsertPoolAsync();
        NpgsqlConnection.ClearAllPools();
        await TerminateOthersAsync();

        var after = await InsertPoolAsync();

        await FindAsync(changes, before, after);
    }

    [Fact]
    public async Task Old_changes_are_forgotten_and_young_ones_kept()
    {
        await using var owner = await database.Owner.OpenConnectionAsync(_done.Token);
        var (old, young) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await owner.ExecuteAsync("insert into change (kind, object_id, at) values ('test', @old, now() - interval '11 minutes'), ('test', @young, now())", new { old, young });

        await new ChangeStore(database.DataSource).ForgetAsync(TimeSpan.FromMinutes(10));

        Assert.Equal([young], await owner.QueryAsync<Guid>("select object_id from change where kind = 'test' and object_id in (@old, @young)", new { old, young }));
    }

    private async Task TerminateOthersAsync()
    {
        // A role may end its own sessions; that is what a restart of the database looks like to the pump.
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(_done.Token);
        await connection.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and datname = current_database() and pid <> pg_backend_pid()");
    }

    private async Task<Guid> InsertPoolAsync()
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(_done.Token);
        return await InsertPoolAsync(connection);
    }

    private static async Task<Guid> InsertPoolAsync(NpgsqlConnection connection)
    {
        var pool = Guid.CreateVersion7();
        await connection.ExecuteAsync("insert into pool (pool_id, name, kind, size) values (@pool, @name, 'manual', 0)", new { pool, name = pool.ToString() });
        return pool;
    }

    private static async Task FindAsync(IAsyncEnumerable<ChangeBatch> changes, params Guid[] wanted)
    {
        var missing = wanted.ToHashSet();
        await foreach (var batch in changes)
        {
            missing.ExceptWith(batch.Changes.Where(c => c.Kind == "pool").Select(c => c.Id));
            if (missing.Count == 0) return;
        }
    }
}
