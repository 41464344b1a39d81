using Dapper;
using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.AuditTrail;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;

namespace Montalegre.Vdi.Broker.Tests.AuditTrail;

/// <summary>The record leaves the house as a file, and people leave the record.</summary>
public sealed class ExportTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Exported_file_verifies_with_nothing_but_itself_a_key_and_a_head_that_were_kept()
    {
        await using var api = await TestApi.StartAsync(_database);
        await ThreeBatchesAsync(api);
        var lines = await LinesAsync(api, null, null);
        var key = (await api.Get<SigningKeys>().AllAsync(Ct)).Single().PublicKey;

        var report = AuditFileVerifier.Run(lines, key, null);

        Assert.Equal((null, 0L, 1L, 3L), (report.Finding, report.BadLine, report.First, report.Batches));
        Assert.Contains(lines, l => l.Contains("\"actor\":\"ana.silva\"", StringComparison.Ordinal));
        var kept = report.Head!.Hash();
        Assert.Null(AuditFileVerifier.Run(lines, key, kept).Finding);
        Assert.Equal(AuditFault.Shortened, AuditFileVerifier.Run(WithoutLastBatch(lines), key, kept).Finding?.Fault);
        using var foreign = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        Assert.Equal(new AuditFinding(AuditFault.KeyUnknown, 1), AuditFileVerifier.Run(lines, foreign.ExportSubjectPublicKeyInfo(), null).Finding);
    }

    [Theory]
    [InlineData("\"outcome\":\"ok\"", "\"outcome\":\"no\"", AuditFault.EntryChanged)]
    [InlineData("\"says\":{\"actor\":\"ana.silva\"", "\"says\":{\"actor\":\"rui.costa\"", AuditFault.EntryChanged)]
    [InlineData("\"entries\":2", "\"entries\":3", AuditFault.SignatureWrong)]
    public async Task File_that_was_changed_names_the_first_bad_batch(string was, string becomes, AuditFault fault)
    {
        await using var api = await TestApi.StartAsync(_database);
        await ThreeBatchesAsync(api);
        var lines = (await LinesAsync(api, null, null)).ToArray();
        var changed = Array.FindIndex(lines, Array.FindIndex(lines, l => l.StartsWith("{\"head\"", StringComparison.Ordinal)) + 1, l => l.Contains(was, StringComparison.Ordinal));
        Assert.True(changed > 0);
        lines[changed] = lines[changed].Replace(was, becomes, StringComparison.Ordinal);

        var finding = AuditFileVerifier.Run(lines, null, null).Finding!;

        Assert.Equal((fault, 2L), (finding.Fault, finding.Batch));
    }

    [Fact]
    public async Task Any_line_cut_short_or_left_out_is_found_and_none_breaks_the_verifier()
    {
        await using var api = await TestApi.StartAsync(_database);
        await ThreeBatchesAsync(api);
        var lines = await LinesAsync(api, null, null);
        for (var i = 0; i < lines.Count - 1; i++)
        {
            var without = AuditFileVerifier.Run(lines.Where((_, n) => n != i), null, null);
            Assert.True(without.Finding is not null || without.BadLine > 0, $"line {i + 1} left out");
            var cut = AuditFileVerifier.Run(lines.Select((l, n) => n == i ? l[..(l.Length / 2)] : l), null, null);
            Assert.Equal(i + 1, cut.BadLine);
        }
        Assert.Equal(1, AuditFileVerifier.Run([], null, null).BadLine);
        Assert.Equal(2, AuditFileVerifier.Run([lines[0], "{\"head\":null}"], null, null).BadLine);
    }

    [Fact]
    public async Task Export_of_some_time_begins_at_its_first_batch()
    {
        await using var api = await TestApi.StartAsync(_database);
        await ThreeBatchesAsync(api);
        DateTimeOffset second;
        await using (var connection = await _database.DataSource.OpenConnectionAsync(Ct))
            second = new(DateTime.SpecifyKind(await connection.ExecuteScalarAsync<DateTime>("select sealed_at from audit_batch where batch_no = 2"), DateTimeKind.Utc));

        var later = AuditFileVerifier.Run(await LinesAsync(api, second, null), null, null);
        var before = AuditFileVerifier.Run(await LinesAsync(api, null, second), null, null);

        Assert.Equal((2L, 2L, null), (later.First, later.Batches, later.Finding));
        Assert.Equal((1L, 1L, null), (before.First, before.Batches, before.Finding));
    }

    [Fact]
    public async Task Erased_person_can_be_read_nowhere_and_the_chain_still_verifies()
    {
        await using var api = await TestApi.StartAsync(_database);
        await ThreeBatchesAsync(api);
        var person = (await api.Get<UserStore>().FindAsync("ana.silva", Ct))!;
        var calls = new Audit.AuditClient(api.Calls);
        await api.UserAsync("root.admin", administrator: true);
        var by = TestApi.With(await api.TokenAsync("root.admin", Audience.Administrator));
        var enabled = await Assert.ThrowsAsync<RpcException>(async () => await calls.ErasePersonAsync(new() { UserName = "ana.silva" }, by));
        Assert.Equal("IN_USE", enabled.Trailers.GetValue("reason"));
        Assert.Equal("NOT_FOUND", (await Assert.ThrowsAsync<RpcException>(async () => await calls.ErasePersonAsync(new() { UserName = "nobody" }, by))).Trailers.GetValue("reason"));
        var notes = new UserNotes.UserNotesClient(api.Calls);
        await notes.AddAsync(new() { UserName = "ana.silva", Text = "Pediu um ecrã maior" }, by);
        await using (var arranging = await _database.DataSource.OpenConnectionAsync(Ct))
            await arranging.ExecuteAsync(
                """
                insert into alert (alert_id, rule, object_kind, object_key, object_name, state, severity, value, for_seconds, opened_at, acknowledged_at, acknowledged_by)
                values (gen_random_uuid(), 'host_lost', 'host', 'h', 'h', 'open', 'warning', 1, 0, now(), now(), 'ana.silva');
                insert into alert_silence (alert_silence_id, rule, until_at, reason, silenced_by) values (gen_random_uuid(), 'host_lost', now() + interval '1 hour', '', 'ana.silva');
                """);
        await api.Get<UserStore>().SetEnabledAsync("ana.silva", false, TestApi.By);

        Assert.Equal(person.Id.ToString(), (await calls.ErasePersonAsync(new() { UserName = "ana.silva" }, by)).PersonId);
        await SealAsync(api);

        var events = (await calls.ListAsync(new() { PersonId = person.Id.ToString(), Limit = 100 }, by)).Events;
        Assert.Equal("user.erase", events[0].Action);
        Assert.Contains(events, e => e is { Action: "test", Actor: "", Erased: true });
        Assert.DoesNotContain("ana", events.ToString(), StringComparison.Ordinal);
        var lines = await LinesAsync(api, null, null);
        Assert.DoesNotContain(lines, l => l.Contains("ana.silva", StringComparison.Ordinal) || l.Contains("192.0.2.77", StringComparison.Ordinal));
        Assert.Null(AuditFileVerifier.Run(lines, null, null).Finding);
        using var verification = calls.Verify(new(), by);
        var last = await verification.ResponseStream.ReadAllAsync(Ct).LastAsync(Ct);
        Assert.Equal((true, AuditFault.Unspecified, last.AllBatches), (last.Done, last.Fault, last.Batches));
        Assert.NotEmpty(last.Head);
        await using var connection = await _database.DataSource.OpenConnectionAsync(Ct);
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select count(*) from user_note where text like '%ecrã%'"));
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select (select count(*) from alert where acknowledged_by = 'ana.silva') + (select count(*) from alert_silence where silenced_by = 'ana.silva')"));
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select count(*) from app_user where app_user::text like '%ana.silva%'"));
    }

    private static async Task<List<string>> LinesAsync(TestApi api, DateTimeOffset? from, DateTimeOffset? to) =>
        await api.Get<ExportAudit>().RunAsync(from, to, Ct).SelectMany(some => some.ToAsyncEnumerable()).ToListAsync(Ct);

    private static IEnumerable<string> WithoutLastBatch(List<string> lines) =>
        lines.Take(lines.FindLastIndex(lines.Count - 2, l => l.StartsWith("{\"head\"", StringComparison.Ordinal)) + 1);

    private async Task ThreeBatchesAsync(TestApi api)
    {
        await api.UserAsync("ana.silva");
        for (var i = 0; i < 3; i++)
        {
            await using (var connection = await _database.DataSource.OpenConnectionAsync(Ct))
                await connection.ExecuteAsync("insert into audit_event (actor, action, source_address) select 'ana.silva', 'test', '192.0.2.77' from generate_series(1, 2)");
            await SealAsync(api);
        }
    }

    private static async Task SealAsync(TestApi api)
    {
        while (await api.Get<SealAudit>().RunOnceAsync() is not null)
        {
            // Until nothing waits.
        }
    }
}
