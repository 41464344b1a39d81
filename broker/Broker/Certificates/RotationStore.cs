using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>A box, and where it is.</summary>
internal sealed record SealedRow(string Key, string Place, byte[] Box);

/// <summary>
/// SQL of a rotation, as the owner of the schema: the broker's own role may not change the authority or the keys of the audit record. One connection;
/// one rotation at a time.
/// </summary>
internal sealed class RotationStore(NpgsqlConnection connection) : IAsyncDisposable
{
    private const string LockKey = "7885642918846101875";   // "montkeys"

    // The server may take a moment to notice that a run was killed.
    private const string Lock = $"set lock_timeout = '30s'; select pg_advisory_lock({LockKey}); set lock_timeout = 0";

    /// <summary>Null while another rotation runs.</summary>
    public static async Task<RotationStore?> OpenAsync(DatabaseAddress address, CancellationToken ct)
    {
        // A statement is waited for, never cancelled: while a standby is away its commit is not known.
        var settings = new NpgsqlConnectionStringBuilder(address.Owner) { Pooling = false, CommandTimeout = 0, CancellationTimeout = -1, Timeout = 60, ApplicationName = "montalegre-rotation" };
        if (settings.Host!.Contains(',', StringComparison.Ordinal)) settings.TargetSessionAttributes = "primary";
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(ct);
            await connection.ExecuteAsync(Lock);
            return new(connection);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable)
        {
            await connection.DisposeAsync();
            return null;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    public Task<int> SchemaAsync() => connection.ExecuteScalarAsync<int>("select max(version) from schema_version");

    /// <summary>Broker nodes that were not stopped in order.</summary>
    public async Task<IReadOnlyList<string>> NodesAsync() => (await connection.QueryAsync<string>("select name from broker_node order by name")).AsList();

    /// <summary>The authority's box; null before the first start of a broker.</summary>
    public Task<SealedRow?> AuthorityAsync() => connection.QuerySingleOrDefaultAsync<SealedRow>(Select(SealedColumn.All[0]));

    /// <summary>How many boxes do not begin like this.</summary>
    public Task<int> CountAsync(SealedColumn column, byte[] head) =>
        connection.ExecuteScalarAsync<int>($"select count(*)::int from {column.Table} where {Otherwise(column)}", new { head, length = head.Length });

    /// <summary>Some boxes that do not begin like this, by key, after one of them.</summary>
    public async Task<IReadOnlyList<SealedRow>> NextAsync(SealedColumn column, byte[] head, string? after, int most) => (await connection.QueryAsync<SealedRow>(
        $"""
        {Select(column)}
         where {Otherwise(column)}
           and (@after::text is null or {column.Key} > @after::{column.KeyType})
         order by {column.Key}
         limit @most
        """, new { head, length = head.Length, after, most })).AsList();

    /// <summary>
    /// Puts new boxes in the place of those that are still there, in one transaction. A row that somebody holds is left for the next pass: whoever waits
    /// for nobody is in no deadlock.
    /// </summary>
    public Task<int> ReplaceAsync(SealedColumn column, IReadOnlyList<(SealedRow Row, byte[] Fresh)> boxes) => connection.ExecuteAsync(
        $"""
          with mine as materialized (
               select t.{column.Key} as key, n.fresh
                 from {column.Table} t
                 join unnest(@keys::text[], @old::bytea[], @fresh::bytea[]) as n (key, old, fresh)
                   on t.{column.Key}    = n.key::{column.KeyType}
                  and t.{column.Column} = n.old
                  for update of t skip locked)
        update {column.Table} t
           set {column.Column} = mine.fresh
          from mine
         where t.{column.Key} = mine.key
        """, new { keys = boxes.Select(b => b.Row.Key).ToArray(), old = boxes.Select(b => b.Row.Box).ToArray(), fresh = boxes.Select(b => b.Fresh).ToArray() });

    public Task AuditAsync(string actor, string source, string action, string key, string reference) => connection.ExecuteAsync(
        """
        insert into audit_event (actor, action, object_kind, object_name, reference, source_address)
             values (@actor, @action, 'secret_key', @key, @reference, @source)
        """, new { actor, action, key, reference, source });

    private static string Select(SealedColumn column) =>
        $"select {column.Key}::text as key, '{column}:' || {column.Row} as place, {column.Column} as box from {column.Table}";

    private static string Otherwise(SealedColumn column) => $"substring({column.Column} from 1 for @length) <> @head";
}
