using System.Data;
using System.Runtime.CompilerServices;
using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.AuditTrail;
using Npgsql;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>Writes whole batches as lines of an <see cref="AuditFile"/>, some at a time, in one snapshot.</summary>
internal sealed class ExportAudit([FromKeyedServices(StorageExtensions.Reports)] NpgsqlDataSource reports, PersonalTexts texts)
{
    /// <param name="from">Batches sealed since then; null: from the first.</param>
    /// <param name="to">And before then; null: to the newest.</param>
    public async IAsyncEnumerable<IReadOnlyList<string>> RunAsync(DateTimeOffset? from, DateTimeOffset? to, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await reports.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        yield return [AuditFile.Begin((await SealStore.KeysAsync(connection, ct)).ToDictionary(k => k.KeyNo, k => k.PublicKey))];
        var range = await connection.QuerySingleAsync<(long First, long Last)>(new CommandDefinition(
            """
            select coalesce(min(batch_no), 1), coalesce(max(batch_no), 0)
              from audit_batch
             where (@from::timestamptz is null or sealed_at >= @from)
               and (@to::timestamptz is null or sealed_at < @to)
            """, new { from, to }, cancellationToken: ct));
        var reading = new SealReading(connection);
        for (var page = range.First; page <= range.Last; page += SealReading.Page)
        {
            var batches = (await reading.PageAsync(page, ct)).Where(b => b.Head.BatchNo <= range.Last).ToList();
            var keys = await texts.KeysAsync(connection, [.. batches.SelectMany(b => b.Boxes).Select(b => b.Person).Distinct()], ct);
            yield return [.. batches.SelectMany(batch => batch.Leaves.Select(leaf => AuditFile.Line(leaf, keys)).Append(AuditFile.Line(batch.Head)))];
        }
    }
}
