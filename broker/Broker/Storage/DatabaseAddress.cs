using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>The connection strings of this node, whether the database is private or external.</summary>
internal sealed class DatabaseAddress(IOptions<StorageOptions> storage, IOptions<HostingOptions> hosting)
{
    /// <summary>The role that brokering uses: it reads and writes rows and cannot change the schema.</summary>
    public const string AppRole = "montalegre_app";

    /// <summary>The role that owns the schema and runs migrations.</summary>
    public const string OwnerRole = "montalegre_owner";

    public const string Database = "montalegre";

    public string SocketDirectory => Path.Combine(hosting.Value.StateDirectory, "postgresql", "run");

    public string App => storage.Value.IsPrivate ? Private(AppRole, Database) : storage.Value.ConnectionString!;

    public string Owner => storage.Value.IsPrivate ? Private(OwnerRole, Database) : storage.Value.OwnerConnectionString!;

    public string Private(string role, string database) =>
        new NpgsqlConnectionStringBuilder { Host = SocketDirectory, Username = role, Database = database }.ConnectionString;
}
