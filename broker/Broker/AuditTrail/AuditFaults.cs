using Dapper;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>Faults that were found in the record, kept for the alert until a whole verification finds none.</summary>
internal sealed class AuditFaults(Database database)
{
    public async Task KeepAsync(string fault, long batch)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("insert into audit_fault (batch_no, fault) values (@batch, @fault) on conflict do nothing", new { batch, fault });
    }

    public async Task ClearAsync()
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("delete from audit_fault");
    }
}
