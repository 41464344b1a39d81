using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Tests;

/// <summary>Runs the real migrations on a test database.</summary>
internal static class TestMigrations
{
    // As at a start of the broker: a server that stands still for longer than a connection waits is asked again.
    public static Task RunAsync(string owner, string app) => For(owner, app).RunWhenReachableAsync(CancellationToken.None);

    public static Migrator For(string owner, string app) => new(Address(owner, app), TimeProvider.System, NullLogger<Migrator>.Instance);

    private static DatabaseAddress Address(string owner, string app) =>
        new(Options.Create(new StorageOptions { ConnectionString = app, OwnerConnectionString = owner }), Options.Create(new HostingOptions()));
}
