using Dapper;
using Montalegre.Vdi.Contracts.AuditTrail;
using Npgsql;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>One batch as it is read again: its head, and its leaves beside the entries as they are now.</summary>
internal sealed record ReadBatch(BatchHead Head, IReadOnlyList<AuditLeaf> Leaves, IReadOnlyList<PersonalBox> Boxes);

/// <summary>SQL of reading what was sealed, some batches at a time, in the caller's snapshot.</summary>
internal sealed class SealReading(NpgsqlConnection connection)
{
    /// <summary>Batches that are read at once.</summary>
    public const int Page = 50;

    /// <summary>Those of the numbers from here on that are there, in order.</summary>
    public async Task<IReadOnlyList<ReadBatch>> PageAsync(long from, CancellationToken ct, int pages = Page)
    {
        var range = new { from, to = from + pages - 1 };
        var heads = (await connection.QueryAsync<BatchHead>(new CommandDefinition($"{SealStore.Head} where batch_no between @from and @to order by batch_no", range, cancellationToken: ct))).AsList();
        var leaves = (await connection.QueryAsync<LeafRow>(new CommandDefinition("select batch_no, audit_id, leaf from audit_leaf where batch_no between @from and @to order by batch_no, audit_id", range, cancellationToken: ct))).ToLookup(l => l.BatchNo);
        var entries = (await connection.QueryAsync<EntryRow>(new CommandDefinition(
            $"select {SealStore.Entry}, null as texts from audit_event e join audit_leaf l using (audit_id) where l.batch_no between @from and @to", range, cancellationToken: ct))).ToDictionary(e => e.AuditId);
        var boxes = (await connection.QueryAsync<BoxRow>(new CommandDefinition(
            "select p.audit_id, p.person_id, p.box from audit_personal p join audit_leaf l using (audit_id) where l.batch_no between @from and @to", range, cancellationToken: ct)))
            .ToLookup(b => b.AuditId, b => new PersonalBox(b.PersonId, b.Box));
        return [.. heads.Select(head => new ReadBatch(head,
            [.. leaves[head.BatchNo].Select(l => new AuditLeaf(l.AuditId, l.Leaf, entries.GetValueOrDefault(l.AuditId)?.With([.. boxes[l.AuditId].OrderBy(b => b.Person)])))],
            [.. leaves[head.BatchNo].SelectMany(l => boxes[l.AuditId])]))];
    }

    /// <summary>An entry that no batch holds and that does not wait for one; null: there is none.</summary>
    public Task<long?> StrayAsync(CancellationToken ct) => connection.ExecuteScalarAsync<long?>(new CommandDefinition(
        """
        select min(e.audit_id)
          from audit_event e
         where not exists (select from audit_leaf l where l.audit_id = e.audit_id)
           and not exists (select from audit_open o where o.audit_id = e.audit_id)
        """, cancellationToken: ct));
}
