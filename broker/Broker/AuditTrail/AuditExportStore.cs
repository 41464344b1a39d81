using Dapper;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>SQL of how far the record has gone to a syslog server.</summary>
internal sealed class AuditExportStore(Database database)
{
    /// <summary>Makes this server the one; empty: there is none. Answers the last batch that it has.</summary>
    public async Task<long> BeginAsync(string server)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(
            """
              with others as (
                   update audit_export set current = false where server <> @server and current),
                   this as (
                   insert into audit_export (server, current)
                   select @server, true
                    where @server <> ''
                       on conflict (server) do update set current = true
                returning batch_no)
            select coalesce((select batch_no from this), 0)
            """, new { server });
    }

    /// <summary>False when another node was faster; what is sent twice does no harm.</summary>
    public async Task<bool> MovedAsync(string server, long from, long to)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteAsync("update audit_export set batch_no = @to, error = '' where server = @server and batch_no = @from", new { server, from, to }) == 1;
    }

    public async Task FailedAsync(string server, string error)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("update audit_export set error = @error where server = @server and error <> @error", new { server, error });
    }
}
