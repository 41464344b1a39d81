using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.AuditTrail;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>
/// Seals what waits: one batch, one transaction. Whatever is killed in between leaves the entries waiting; two who seal at once
/// are told apart by the keys of batch and leaf.
/// </summary>
internal sealed class SealAudit(Database database, PersonKeys persons, SigningKeys keys)
{
    /// <summary>More wait for the next batch: a transaction stays short.</summary>
    public const int MostEntries = 2000;

    /// <summary>The head of the new batch; null when nothing waited.</summary>
    public async Task<BatchHead?> RunOnceAsync()
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var all = await connection.BeginTransactionAsync();
        var rows = await SealStore.TakeAsync(connection, MostEntries);
        if (rows.Count == 0) return null;

        var personKeys = await persons.OfAsync(connection, [.. rows.SelectMany(r => PersonKeys.TextsOf(r.Texts).Keys).Distinct().Order()]);
        var entries = rows.Select(row => row.With(PersonKeys.Close(row, personKeys))).ToList();
        var leaves = entries.Select(e => e.Leaf()).ToArray();
        var (number, key) = await keys.CurrentAsync(connection);
        using var signing = key;
        var before = await SealStore.NewestAsync(connection);
        var head = new BatchHead((before?.BatchNo ?? 0) + 1, entries[0].AuditId, entries[^1].AuditId, entries.Count, MerkleTree.Root(leaves),
            before?.Hash() ?? BatchHead.BeforeAll, await SealStore.NowAsync(connection), number, []).Sign(signing);
        await SealStore.AddBatchAsync(connection, head, entries, leaves);
        await all.CommitAsync();
        return head;
    }

    /// <summary>True while this head is still what it was. Whoever shortens the record must do it while no node looks.</summary>
    public async Task<bool> HoldsAsync(BatchHead head)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await SealStore.HashOfAsync(connection, head.BatchNo) is { } now && now.AsSpan().SequenceEqual(head.Hash());
    }
}
