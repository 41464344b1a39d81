using System.Buffers;
using System.Text;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Alerts;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.AuditTrail;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.AuditTrail;

/// <summary>The audit record on its way to a real rsyslog.</summary>
public sealed class SyslogTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);
    private readonly SyslogServer _server = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Every_sealed_entry_arrives_also_after_the_server_was_away_and_what_arrived_verifies_itself()
    {
        await using var api = await TestApi.StartAsync(_database);
        await _server.StartAsync();
        var export = Export(api, _server.AuthorityFile);
        await SealAsync(api, 3, "primeiro é ção");
        await SealAsync(api, 2, "segundo");
        Assert.False(await export.RunOnceAsync(Ct));
        Assert.Equal(2, await PositionAsync());
        await _server.LinesAsync(7);

        await _server.StopAsync();
        await SealAsync(api, 4, "terceiro");
        Assert.False(await export.RunOnceAsync(Ct));
        Assert.Equal(2, await PositionAsync());
        await using (var connection = await _database.Owner.OpenConnectionAsync(Ct))
        {
            // As if it had stood for ten minutes.
            await connection.ExecuteAsync("alter table audit_batch disable trigger user; update audit_batch set sealed_at = sealed_at - interval '10 minutes' where batch_no = 3");
            Assert.InRange(Assert.Single(await new AlertFacts(_database.DataSource).ReadAsync(Ct), r => r.Rule == AlertRule.AuditExportStands).Value, 600, 900);
            await connection.ExecuteAsync("update audit_batch set sealed_at = sealed_at + interval '10 minutes' where batch_no = 3");
        }

        await _server.StartAsync();
        await export.RunOnceAsync(Ct);
        Assert.Equal(3, await PositionAsync());
        await export.RunOnceAsync(Ct);   // nothing more to send
        var lines = await _server.LinesAsync(12);
        Assert.Equal(12, lines.Length);
        Assert.All(lines, line => Assert.StartsWith("audit.info montalegre-vdi ", line, StringComparison.Ordinal));   // facility 13 is called audit
        Assert.Equal(9, lines.Count(line => line.Contains(" test ", StringComparison.Ordinal)));
        Assert.DoesNotContain(await new AlertFacts(_database.DataSource).ReadAsync(Ct), r => r.Rule == AlertRule.AuditExportStands);
        Assert.Contains(lines, line => line.Contains("primeiro é ção", StringComparison.Ordinal));

        // The public keys and what the server wrote are a whole export.
        var beginning = AuditFile.Begin((await api.Get<SigningKeys>().AllAsync(Ct)).ToDictionary(k => k.KeyNo, k => k.PublicKey));
        var report = AuditFileVerifier.Run(lines.Select(line => line[line.IndexOf('{', StringComparison.Ordinal)..]).Prepend(beginning), null, null);
        Assert.Null(report.Finding);
        Assert.Equal((0, 3, 9), (report.BadLine, report.Batches, report.Entries));
    }

    [Fact]
    public async Task Server_that_is_not_trusted_gets_nothing_and_the_position_stays()
    {
        await using var api = await TestApi.StartAsync(_database);
        await _server.StartAsync();
        await SealAsync(api, 1, "segredo");

        Assert.False(await Export(api, "").RunOnceAsync(Ct));

        Assert.Equal(0, await PositionAsync());
        await Export(api, _server.AuthorityFile).RunOnceAsync(Ct);
        Assert.Equal(2, (await _server.LinesAsync(2)).Length);
    }

    [Fact]
    public void Frame_counts_octets_and_not_letters()
    {
        var frame = new ArrayBufferWriter<byte>();
        SyslogMessage.Write(frame, new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero), "casa 1", "alert.açao", "{\"x\":\"ção\"}");

        var text = Encoding.UTF8.GetString(frame.WrittenSpan);
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        Assert.Equal(frame.WrittenCount - space - 1, int.Parse(text[..space], System.Globalization.CultureInfo.InvariantCulture));
        Assert.StartsWith("<110>1 2026-11-27T12:00:00.000000Z casa?1 montalegre-vdi ", text[(space + 1)..], StringComparison.Ordinal);
        Assert.EndsWith(" alert.a?ao - {\"x\":\"ção\"}", text, StringComparison.Ordinal);
    }

    private ExportToSyslog Export(TestApi api, string authorities) => new(new(_database.DataSource), api.Get<PersonalTexts>(), _database.DataSource,
        Options.Create(new AuditSyslogOptions { Server = $"127.0.0.1:{_server.Port}", AuthorityFile = authorities, Patience = TimeSpan.FromSeconds(60) }), NullLogger<ExportToSyslog>.Instance);

    private async Task SealAsync(TestApi api, int entries, string reference)
    {
        await using (var connection = await _database.DataSource.OpenConnectionAsync(Ct))
            for (var n = 0; n < entries; n++) await connection.ExecuteAsync("insert into audit_event (actor, action, reference) values ('tester', 'test', @reference)", new { reference });
        await api.Get<SealAudit>().RunOnceAsync();
    }

    private async Task<long> PositionAsync()
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync(Ct);
        return await connection.ExecuteScalarAsync<long>("select batch_no from audit_export");
    }
}
