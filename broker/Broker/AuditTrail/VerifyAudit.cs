using System.Data;
using System.Runtime.CompilerServices;
using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.AuditTrail;
using Npgsql;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>How far a verification is, or what came of it.</summary>
internal sealed record VerifyProgress(long Batches, long AllBatches, long Entries, bool Done, AuditFinding? Finding, BatchHead? Head);

/// <summary>Reads the whole record in one snapshot and follows the chain; ends at the first thing that is wrong.</summary>
internal sealed class VerifyAudit([FromKeyedServices(StorageExtensions.Reports)] NpgsqlDataSource reports, AuditFaults faults, ILogger<VerifyAudit> log)
{
    public async IAsyncEnumerable<VerifyProgress> RunAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        using var chain = new AuditChain((await SealStore.KeysAsync(connection, ct)).ToDictionary(k => k.KeyNo, k => k.PublicKey));
        var all = await connection.ExecuteScalarAsync<long>(new CommandDefinition("select coalesce(max(batch_no), 0) from audit_batch", cancellationToken: ct));
        AuditFinding? finding = null;
        var reading = new SealReading(connection);
        for (long from = 1; finding is null && from <= all; from += SealReading.Page)
        {
            var page = await reading.PageAsync(from, ct);
            if (chain.Head is null && page is not [{ Head.BatchNo: 1 }, ..]) finding = new(AuditFault.BatchMissing, 1);
            foreach (var (head, leaves, _) in page) finding ??= chain.Add(head, leaves);
            yield return new(chain.Batches, all, chain.Entries, false, null, chain.Head);
        }
        finding ??= await reading.StrayAsync(ct) is { } entry ? new(AuditFault.EntryUnsealed, all, entry) : null;
        if (finding is null) await faults.ClearAsync();
        else
        {
            log.FaultFound(finding.Fault.ToString(), finding.Batch, finding.Entry);
            await faults.KeepAsync(SqlText.Of(finding.Fault), finding.Batch);
        }
        yield return new(chain.Batches, all, chain.Entries, true, finding, chain.Head);
    }
}
