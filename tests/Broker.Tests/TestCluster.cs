using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests;
using Montalegre.Vdi.Rig.Postgres;

[assembly: AssemblyFixture(typeof(TestCluster))]

namespace Montalegre.Vdi.Broker.Tests;

/// <summary>One PostgreSQL for the whole test run, with one migrated database that every test class gets a copy of.</summary>
public sealed class TestCluster : IAsyncLifetime
{
    private const string Template = "migrated";
    private readonly SemaphoreSlim _copying = new(1);
    private TemporaryCluster? _cluster;

    public TemporaryCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster is not started.");

    public async ValueTask InitializeAsync()
    {
        SqlTypes.Register();
        _cluster = await TemporaryCluster.StartAsync();
        await _cluster.CreateDatabaseAsync(Template);
        await TestMigrations.RunAsync(Cluster.ConnectionString(DatabaseAddress.OwnerRole, Template), Cluster.ConnectionString(DatabaseAddress.AppRole, Template));
    }

    /// <summary>Makes a database with the whole schema and no rows, and answers its name.</summary>
    public async Task<string> CopyAsync()
    {
        var name = $"test_{Guid.NewGuid():N}";
        await _copying.WaitAsync();   // a template may be copied by one at a time
        try
        {
            await Storage.Eventually.IsTrueAsync(() => TryCopyAsync(name), "a copy of the template");
        }
        finally
        {
            _copying.Release();
        }
        return name;
    }

    // Whoever just left the template, or the server's own vacuum of it, may be there longer than the five seconds that the server waits.
    private async Task<bool> TryCopyAsync(string name)
    {
        try
        {
            await Cluster.CreateDatabaseAsync(name, Template);
            return true;
        }
        catch (InvalidOperationException e) when (e.Message.Contains("being accessed by other users", StringComparison.Ordinal))
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
        _copying.Dispose();
    }
}
