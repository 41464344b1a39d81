using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Storage;

public sealed class DatabaseTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly FakeTimeProvider _time = new();

    private (Database Database, OpeningGate Gate) Make()
    {
        var gate = new OpeningGate(_time);
        return (new Database(database.DataSource, gate, _time), gate);
    }

    [Fact]
    public async Task Who_wants_a_connection_while_the_database_starts_again_gets_it_when_it_is_back()
    {
        var (way, gate) = Make();
        gate.Close();
        var waiting = way.OpenConnectionAsync(TestContext.Current.CancellationToken).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(waiting.IsCompleted);

        gate.Open();

        await using var connection = await waiting;
        Assert.Equal(System.Data.ConnectionState.Open, connection.State);
    }

    [Fact]
    public async Task Nobody_waits_longer_than_two_seconds()
    {
        var (way, gate) = Make();
        gate.Close();
        var waiting = way.OpenConnectionAsync(TestContext.Current.CancellationToken).AsTask();

        _time.Advance(TimeSpan.FromSeconds(2));

        await Assert.ThrowsAsync<NpgsqlException>(() => waiting);
    }

    [Fact]
    public async Task Nobody_waits_for_a_database_that_was_given_up()
    {
        var gate = new OpeningGate(_time);
        await using var nowhere = DataSources.ForBrokering("Host=/nonexistent;Username=nobody;Database=none", connections: 2);
        gate.Close();
        gate.GiveUp();

        // The clock does not move: a wait would never end.
        await Assert.ThrowsAsync<NpgsqlException>(() => new Database(nowhere, gate, _time).OpenConnectionAsync(TestContext.Current.CancellationToken).AsTask());
    }

    [Fact]
    public async Task What_may_run_twice_runs_again_on_another_connection_and_is_told_that_the_first_run_broke_off()
    {
        var runs = new List<bool>();

        var answer = await Make().Database.RepeatableAsync(async (connection, unknown) =>
        {
            runs.Add(unknown);
            if (!unknown) await TerminateAsync(connection);
            await using var command = new NpgsqlCommand("select 42", connection);
            return (int)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        }, TestContext.Current.CancellationToken);

        Assert.Equal(42, answer);
        Assert.Equal([false, true], runs);
    }

    [Fact]
    public async Task A_statement_that_the_database_refuses_is_not_repeated()
    {
        var runs = 0;

        await Assert.ThrowsAsync<PostgresException>(() => Make().Database.RepeatableAsync(async (connection, _) =>
        {
            runs++;
            await using var command = new NpgsqlCommand("select 1 / 0", connection);
            return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken));

        Assert.Equal(1, runs);
    }

    private async Task TerminateAsync(NpgsqlConnection connection)
    {
        await using var command = database.DataSource.CreateCommand("select pg_terminate_backend($1, 60000)");
        command.Parameters.Add(new() { Value = connection.ProcessID });
        Assert.Equal(true, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }
}
