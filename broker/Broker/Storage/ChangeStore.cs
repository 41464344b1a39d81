using Npgsql;
using NpgsqlTypes;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>Where a reader of the change table stands: everything up to this row has been seen.</summary>
internal readonly record struct ChangePosition(ulong TransactionId, long Sequence);

/// <summary>The change table: an outbox that triggers fill and one pump per node follows.</summary>
internal sealed class ChangeStore(NpgsqlDataSource database)
{
    private const int MostRows = 5000;

    /// <summary>The position from which nothing that commits later is missed.</summary>
    public async Task<ChangePosition> NowAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select pg_snapshot_xmin(pg_current_snapshot())");
        return new ChangePosition((ulong)(await command.ExecuteScalarAsync(ct))!, 0);
    }

    /// <summary>
    /// Rows after a position, in order. INVARIANT: only of transactions below the snapshot's oldest running one, because a
    /// transaction with a smaller number may commit later and would be stepped over.
    /// </summary>
    public async Task<(List<Change> Changes, ChangePosition Position, bool More)> ReadAsync(ChangePosition after, CancellationToken ct)
    {
        await using var command = database.CreateCommand("""
              select txid, seq, kind, object_id
                from change
               where (txid, seq) > ($1, $2)
                 and txid < pg_snapshot_xmin(pg_current_snapshot())
            order by txid, seq
               limit $3
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = after.TransactionId, NpgsqlDbType = NpgsqlDbType.Xid8 });
        command.Parameters.Add(new NpgsqlParameter { Value = after.Sequence });
        command.Parameters.Add(new NpgsqlParameter { Value = MostRows });
        var changes = new List<Change>();
        var rows = 0;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            after = new ChangePosition(reader.GetFieldValue<ulong>(0), reader.GetInt64(1));
            changes.Add(new Change(reader.GetString(2), reader.GetGuid(3)));
            rows++;
        }
        return (changes, after, rows == MostRows);
    }

    /// <summary>Forgets what every pump has seen long ago; answers how many rows.</summary>
    public async Task<int> ForgetAsync(TimeSpan olderThan)
    {
        await using var command = database.CreateCommand("delete from change where at < now() - $1");
        command.Parameters.Add(new NpgsqlParameter { Value = olderThan });
        command.CommandTimeout = 30;
        return await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
