using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Tells a database that is away or full from a defect of ours.</summary>
internal static class DatabaseFailure
{
    /// <summary>The public reason; null when the failure says nothing about the database's health.</summary>
    public static RefusalReason? ReasonOf(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => RefusalReason.DiskFull,
        // FATAL ends the session or never let it begin; it says nothing about the statement.
        PostgresException { InvariantSeverity: "FATAL" or "PANIC" } => RefusalReason.DatabaseUnavailable,
        // 53: no connection or memory left; 57P: shutting down or starting up; 25006: a standby after a failover.
        PostgresException p => p.SqlState.StartsWith("53", StringComparison.Ordinal)
            || p.SqlState.StartsWith("57P", StringComparison.Ordinal)
            || p.SqlState.StartsWith("08", StringComparison.Ordinal)
            || p.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction ? RefusalReason.DatabaseUnavailable : null,
        NpgsqlException => RefusalReason.DatabaseUnavailable,   // no answer, broken connection, or none free within its deadline
        _ => null,
    };
}
