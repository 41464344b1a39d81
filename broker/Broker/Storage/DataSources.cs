using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>How we talk to PostgreSQL, in one place, because one driver setting decides whether acknowledged writes survive.</summary>
internal static class DataSources
{
    /// <summary>Seconds after which a hot-path statement is given up.</summary>
    public const int HotPathSeconds = 3;

    // Statements that end within a millisecond are not worth compiling.
    private const string Uncompiled = "-c jit=off";

    private const int ConnectSeconds = 2;
    private const int ReportSeconds = 30;

    public static NpgsqlDataSource ForBrokering(string connectionString, int connections, ILoggerFactory? logs = null) =>
        Build(connectionString, connections, HotPathSeconds, Uncompiled, logs, cancels: false);

    public static NpgsqlDataSource ForReports(string connectionString, ILoggerFactory? logs = null) =>
        Build(connectionString, connections: 4, ReportSeconds, $"-c statement_timeout={ReportSeconds}s", logs, cancels: true);

    private static NpgsqlDataSource Build(string connectionString, int connections, int commandSeconds, string options, ILoggerFactory? logs, bool cancels)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxAutoPrepare = 128,    // a quiet broker runs some sixty statements by turns; one that is pushed out is parsed and planned anew
            AutoPrepareMinUsages = 2,
            CancellationTimeout = -1,
            // Seven statements for every connection that is taken, to undo what nobody does: no session setting, lock or temporary table of a
            // pooled connection outlives its transaction. An open transaction is rolled back all the same.
            NoResetOnClose = true,
            // Between machines a peer may vanish without a word; on a socket of this machine the kernel tells.
            KeepAlive = Path.IsPathRooted(Host(connectionString)) ? 0 : 2,
            HostRecheckSeconds = 1,
            MaxPoolSize = connections,
            ApplicationName = "montalegre-broker",
        };
        // A connection string that says how long to wait keeps its word: only its author knows how far away and how busy the server is.
        if (!settings.ShouldSerialize("Timeout")) settings.Timeout = ConnectSeconds;
        if (!settings.ShouldSerialize("Command Timeout")) settings.CommandTimeout = commandSeconds;
        // What the connection string says itself comes last and wins.
        settings.Options = $"{options} {settings.Options}".TrimEnd();
        // Several hosts are one primary and its standbys: whoever is primary now is asked again every second.
        settings.TargetSessionAttributes = null;
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString).UseLoggerFactory(logs);
        // INVARIANT: never cancel a write. A cancelled wait for a synchronous standby is reported as a commit that
        // exists on one machine only, and is lost with it.
        if (!cancels) builder.UsePhysicalConnectionInitializer(NoCancelRequests.Apply, NoCancelRequests.ApplyAsync);
        return Host(connectionString).Contains(',', StringComparison.Ordinal) ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary) : builder.Build();
    }

    private static string Host(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Host ?? "";
}
