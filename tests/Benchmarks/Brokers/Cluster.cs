using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Benchmarks.Brokers;

/// <summary>A durable PostgreSQL with our schema.</summary>
internal static class Cluster
{
    /// <summary>Starts one. Both sides of a comparison use the same one, so its settings favour nobody.</summary>
    public static Task<TemporaryCluster> StartAsync() => TemporaryCluster.StartAsync(durable: true, "shared_buffers=512MB", "max_wal_size=4GB");

    /// <summary>Makes a database with the broker's own migrations and then runs statements in it as superuser.</summary>
    public static async Task SeedAsync(TemporaryCluster cluster, string database, string sql, CancellationToken ct)
    {
        await cluster.CreateDatabaseAsync(database);
        var storage = new StorageOptions
        {
            ConnectionString = cluster.ConnectionString(DatabaseAddress.AppRole, database),
            OwnerConnectionString = cluster.ConnectionString(DatabaseAddress.OwnerRole, database),
        };
        var address = new DatabaseAddress(Options.Create(storage), Options.Create(new HostingOptions()));
        await new Migrator(address, NullLogger<Migrator>.Instance).RunAsync(ct);
        await cluster.SqlAsync(database, sql);
    }
}
