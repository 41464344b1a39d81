using Dapper;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>SQL of the certificates that consoles show.</summary>
internal sealed class ConsoleCertificates(Database database)
{
    private const int Most = 20;

    /// <summary>Keeps what a console says of itself. More consoles than anybody has are not kept.</summary>
    public async Task KeepAsync(string name, string subject, DateTimeOffset notAfter)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into console_certificate (name, subject, not_after)
            select @name, @subject, @notAfter
             where (select count(*) from console_certificate where name <> @name) < @Most
            on conflict (name) do update
               set subject = excluded.subject, not_after = excluded.not_after, seen_at = now()
            """, new { name, subject, notAfter, Most });
    }
}
