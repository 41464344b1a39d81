using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests;

/// <summary>
/// A fresh database of one test class: <c>class LaunchTests(TestDatabase database) : IClassFixture&lt;TestDatabase&gt;</c>.
/// Tests of one class share it; make rows of your own in each test.
/// </summary>
public sealed class TestDatabase(TestCluster cluster) : IAsyncLifetime
{
    // Forty new connections at once may take longer than the broker's own three seconds where virtual machines run beside the tests.
    private const string Patience = ";Timeout=60;Command Timeout=60";
    private NpgsqlDataSource? _dataSource;
    private NpgsqlDataSource? _owner;
    private string _name = "";

    /// <summary>As the broker sees it: app role, the broker's own driver settings.</summary>
    public NpgsqlDataSource DataSource => _dataSource ?? throw new InvalidOperationException("The database is not made yet.");

    /// <summary>As the owner of the schema, for arranging what the app role may not do.</summary>
    public NpgsqlDataSource Owner => _owner ?? throw new InvalidOperationException("The database is not made yet.");

    public string ConnectionString => cluster.Cluster.ConnectionString(DatabaseAddress.AppRole, _name) + Patience;

    public string OwnerConnectionString => cluster.Cluster.ConnectionString(DatabaseAddress.OwnerRole, _name) + Patience;

    public async ValueTask InitializeAsync()
    {
        _name = await cluster.CopyAsync();
        _dataSource = DataSources.ForBrokering(ConnectionString, connections: 40);
        _owner = DataSources.ForReports(OwnerConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        if (_dataSource is not null) await _dataSource.DisposeAsync();
        if (_owner is not null) await _owner.DisposeAsync();
    }
}
