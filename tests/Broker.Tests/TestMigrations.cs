using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Tests;

/// <summary>Runs the real migrations on a test database.</summary>
internal static class TestMigrations
{
    // As at a start of the broker: a server that stands still for longer than a connection waits is asked again.
    public static async Task RunAsync(string owner, string app)
    {
        await using var none = new ServiceCollection().BuildServiceProvider();
        await new StartUp([new("database schema", (_, ct) => For(owner, app).RunAsync(ct))], none, TimeProvider.System, NullLogger<StartUp>.Instance).StartAsync(CancellationToken.None);
    }

    public static Migrator For(string owner, string app) => new(Address(owner, app), NullLogger<Migrator>.Instance);

    private static DatabaseAddress Address(string owner, string app) =>
        new(Options.Create(new StorageOptions { ConnectionString = app, OwnerConnectionString = owner }), Options.Create(new HostingOptions()));
}
