using Montalegre.Vdi.Broker.Hosting;
using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>Where the database is. Without a connection string the broker runs a private cluster of its own.</summary>
internal sealed class StorageOptions : IOptionsWithProblems
{
    public static string SectionName => "Storage";

    /// <summary>External PostgreSQL as the app role; empty means a private cluster.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>External PostgreSQL as the owner of the schema; used only for migrations.</summary>
    public string? OwnerConnectionString { get; set; }

    /// <summary>Connections that brokering may use. Reports have a small pool of their own.</summary>
    public int MaxConnections { get; set; } = 20;

    /// <summary>Directory with initdb and postgres; empty means the highest version that the distribution installed.</summary>
    public string? PostgresDirectory { get; set; }

    /// <summary>Unexpected ends of the private cluster within five minutes after which the broker stops restarting it.</summary>
    public int FailuresBeforeGivingUp { get; set; } = 5;

    public bool IsPrivate => string.IsNullOrWhiteSpace(ConnectionString);

    public IEnumerable<string> Problems()
    {
        if (IsPrivate != string.IsNullOrWhiteSpace(OwnerConnectionString))
            yield return $"{SectionName}:{nameof(ConnectionString)} and {SectionName}:{nameof(OwnerConnectionString)} belong together; give both for an external PostgreSQL or none for a private one.";
        foreach (var (key, value) in new[] { (nameof(ConnectionString), ConnectionString), (nameof(OwnerConnectionString), OwnerConnectionString) })
        {
            if (!string.IsNullOrWhiteSpace(value) && !CanBeRead(value))
                yield return $"{SectionName}:{key} cannot be read; use the form Host=...;Database=...;Username=...;Password=...";
        }
        if (MaxConnections is < 2 or > 500)
            yield return $"{SectionName}:{nameof(MaxConnections)} is {MaxConnections}; use 2 to 500.";
        if (FailuresBeforeGivingUp < 1)
            yield return $"{SectionName}:{nameof(FailuresBeforeGivingUp)} is {FailuresBeforeGivingUp}; use 1 or more.";
        if (PostgresDirectory is { Length: > 0 } directory && !File.Exists(Path.Combine(directory, "postgres")))
            yield return $"{SectionName}:{nameof(PostgresDirectory)} is '{directory}', which holds no program postgres; leave it empty or name the right directory.";
    }

    private static bool CanBeRead(string value)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(value) is { Host.Length: > 0, Username.Length: > 0 };
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
