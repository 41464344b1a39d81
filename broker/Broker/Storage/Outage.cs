using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>Tells a database that is away for a moment from a statement that it refused.</summary>
internal static class Outage
{
    /// <summary>
    /// The connection broke, or could not be opened because the server is ending or starting. A statement on it may or may not
    /// have been committed. A statement that ran out of time is none: it may be running still.
    /// </summary>
    public static bool IsOne(NpgsqlException e) => e switch
    {
        PostgresException p => p.InvariantSeverity is "FATAL" or "PANIC"
            ? p.SqlState.StartsWith("57P", StringComparison.Ordinal) || p.SqlState is PostgresErrorCodes.TooManyConnections
            : p.SqlState is PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.ReadOnlySqlTransaction,
        _ => e.InnerException is not TimeoutException,
    };
}
