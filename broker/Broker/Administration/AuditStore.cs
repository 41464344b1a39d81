using Dapper;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>SQL of the audit record. The app role may add and read, nothing else; names and addresses of people are opened here for whoever may read.</summary>
internal sealed class AuditStore(Database database, PersonalTexts texts, [FromKeyedServices(StorageExtensions.Reports)] NpgsqlDataSource reports)
{
    public const int LargestPage = 500;

    private static readonly string InScope =
        $"""
        and (object_kind = 'pool' and object_id = any(@Pools)
             or object_kind = 'machine' and exists (select from machine x where x.machine_id = object_id and x.pool_id = any(@Pools))
             or object_kind = 'session' and exists (select from session x where x.session_id = object_id and x.pool_id = any(@Pools))
             or object_kind = 'rollout' and exists (select from rollout x where x.rollout_id = object_id and x.pool_id = any(@Pools))
             or object_kind = 'host' and {PoolScope.IsAtSite("object_id")}
             or object_kind = 'site' and object_id = any(@Sites)
             or object_kind = 'session' and {PoolScope.IsFrom(PoolScope.AddressOf("e.object_id"))}
             or {PoolScope.IsOfPeople("e.subject_id")})
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
    /// <param name="about">Only records about this object, or of and about this person.</param>
    /// <param name="scope">Only records about these pools and what belongs to them: a record about a person may speak of any pool. By groups: what was done to who is in them.</param>
    public async Task<IReadOnlyList<AuditRow>> ListAsync(long before, int limit, AuditAbout about, PoolScope scope, CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<EntryRow>(new CommandDefinition(
            $"""
                select {SealStore.Entry}, o.texts::text as texts
                  from audit_event e
             left join audit_open o using (audit_id)
                 where e.audit_id < @before
                       {(about.Object is null ? "" : "and e.object_id = @Object")}
                       {(about.Person is null ? "" : "and (e.actor_id = @Person or e.subject_id = @Person)")}
                       {(scope.IsEverything ? "" : InScope)}
              order by e.audit_id desc
                 limit @limit
             """, new { before = before <= 0 ? long.MaxValue : before, limit, about.Object, about.Person, scope.Pools, scope.Groups, scope.Sites, scope.Ends }, cancellationToken: ct))).AsList();
        return await OpenAsync(connection, rows, ct);
    }

    /// <summary>These entries, as far as they are there, in no order.</summary>
    public async Task<IReadOnlyList<AuditRow>> SomeAsync(long[] entries, CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<EntryRow>(new CommandDefinition(
            $"select {SealStore.Entry}, o.texts::text as texts from audit_event e left join audit_open o using (audit_id) where e.audit_id = any(@entries)", new { entries }, cancellationToken: ct))).AsList();
        return await OpenAsync(connection, rows, ct);
    }

    private async Task<IReadOnlyList<AuditRow>> OpenAsync(NpgsqlConnection connection, List<EntryRow> rows, CancellationToken ct)
    {
        var opened = await texts.OfAsync(connection, [.. rows.Where(r => r.Texts is null).Select(r => r.AuditId)], ct);
        return [.. rows.Select(row => AuditRow.Of(row, row.Texts is null ? opened.GetValueOrDefault(row.AuditId, EntryTexts.None) : EntryTexts.Waiting(row.Texts)))];
    }
}

/// <summary>What a list is about; both null: everything.</summary>
internal sealed record AuditAbout(Guid? Object = null, Guid? Person = null)
{
    public static AuditAbout Everything { get; } = new();
}
