using Dapper;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>SQL of the audit record. The app role may add and read, nothing else.</summary>
internal sealed class AuditStore(Database database, [FromKeyedServices(StorageExtensions.Reports)] NpgsqlDataSource reports)
{
    public const int LargestPage = 500;

    private const string InScope =
        """
        and (object_kind = 'pool' and object_id = any(@Pools)
             or object_kind = 'machine' and exists (select from machine x where x.machine_id = object_id and x.pool_id = any(@Pools))
             or object_kind = 'session' and exists (select from session x where x.session_id = object_id and x.pool_id = any(@Pools))
             or object_kind = 'rollout' and exists (select from rollout x where x.rollout_id = object_id and x.pool_id = any(@Pools)))
        """;

    public async Task AppendAsync(AuditEntry entry)
    {
        await using var connection = await database.OpenConnectionAsync();
        await AppendAsync(connection, null, entry);
    }

    /// <summary>Inside the caller's transaction.</summary>
    public Task AppendAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, AuditEntry entry) =>
        connection.ExecuteAsync(
            """
            insert into audit_event (actor, action, object_kind, object_id, object_name, outcome, source_address, reference)
            values (@Actor, @Action, @ObjectKind, @ObjectId, @ObjectName, @Outcome, @SourceAddress, @Reference)
            """, entry, transaction);

    /// <summary>Newest first.</summary>
    /// <param name="before">Only records older than this one; 0 for the newest.</param>
    /// <param name="objectId">Only records about this object; null for all.</param>
    /// <param name="scope">Only records about these pools and what belongs to them: a record about a person may speak of any pool.</param>
    public async Task<IReadOnlyList<AuditRow>> ListAsync(long before, int limit, Guid? objectId, PoolScope scope, CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<AuditRow>(new CommandDefinition(
            $"""
               select audit_id, at, actor, action, object_kind, object_id, object_name, outcome, source_address, reference
                 from audit_event
                where audit_id < @before
                      {(objectId is null ? "" : "and object_id = @objectId")}
                      {(scope.IsEverything ? "" : InScope)}
             order by audit_id desc
                limit @limit
             """, new { before = before <= 0 ? long.MaxValue : before, limit, objectId, scope.Pools }, cancellationToken: ct));
        return rows.AsList();
    }
}
