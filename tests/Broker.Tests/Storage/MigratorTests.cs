using Dapper;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Storage;

public sealed class MigratorTests(TestCluster cluster, TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Two_nodes_that_start_at_once_migrate_one_empty_database_once()
    {
        var name = $"empty_{Guid.NewGuid():N}";
        await cluster.Cluster.CreateDatabaseAsync(name);
        var owner = cluster.Cluster.ConnectionString(DatabaseAddress.OwnerRole, name);
        var app = cluster.Cluster.ConnectionString(DatabaseAddress.AppRole, name);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TestMigrations.RunAsync(owner, app)));

        await using var connection = new NpgsqlConnection(owner);
        Assert.Equal(Migration.All.Select(m => m.Version), await connection.QueryAsync<int>("select version from schema_version order by version"));
    }

    [Fact]
    public async Task Broker_refuses_a_schema_that_is_newer_than_itself()
    {
        var name = await cluster.CopyAsync();
        var owner = cluster.Cluster.ConnectionString(DatabaseAddress.OwnerRole, name);
        await using (var connection = new NpgsqlConnection(owner + ";Pooling=false"))
            await connection.ExecuteAsync("insert into schema_version (version, name) values (9999, 'from_the_future')");

        var refusal = await Assert.ThrowsAsync<StartUpException>(() => TestMigrations.RunAsync(owner, cluster.Cluster.ConnectionString(DatabaseAddress.AppRole, name)));

        Assert.Contains("9999", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("newer", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update audit_event set actor = 'somebody else'")]
    [InlineData("delete from audit_event")]
    [InlineData("truncate audit_event")]
    [InlineData("update authority set certificate = ''")]
    [InlineData("delete from authority")]
    [InlineData("insert into schema_version (version, name) values (2, 'forged')")]
    [InlineData("drop table session")]
    [InlineData("create table mine (id integer)")]
    public async Task App_role_may_not(string statement)
    {
        await using var command = database.DataSource.CreateCommand(statement);

        var error = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
    }

    [Fact]
    public async Task App_role_adds_and_reads_audit_events()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);

        await connection.ExecuteAsync("insert into audit_event (actor, action) values ('maria', 'session.log_off')");

        Assert.Equal("maria", await connection.QuerySingleAsync<string>("select actor from audit_event"));
    }
}
