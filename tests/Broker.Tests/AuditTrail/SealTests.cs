using System.Security.Cryptography;
using Dapper;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.AuditTrail;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.AuditTrail;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.AuditTrail;

// Batches are numbered for the whole record, so each test has a database of its own.
public sealed class SealTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData("update audit_event set actor_id = null where false")]
    [InlineData("delete from audit_batch")]
    [InlineData("update audit_leaf set leaf = ''")]
    [InlineData("delete from audit_personal")]
    [InlineData("truncate audit_key cascade")]
    [InlineData("delete from audit_key")]
    [InlineData("update audit_key set public_key = '', sealed_key = ''")]
    public async Task Not_even_the_owner_changes_the_record(string statement)
    {
        await using var connection = await _database.Owner.OpenConnectionAsync(Ct);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync(statement));

        Assert.Contains("only added to", refused.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entry_that_commits_late_is_in_a_later_batch_and_none_is_sealed_twice()
    {
        await using var api = await TestApi.StartAsync(_database);
        await using var late = await _database.DataSource.OpenConnectionAsync(Ct);
        await using var open = await late.BeginTransactionAsync(Ct);
        await late.ExecuteAsync("insert into audit_event (actor, action) values ('late', 'test')");
        await AddAsync(3);

        var first = await api.Get<SealAudit>().RunOnceAsync();
        await open.CommitAsync(Ct);
        var second = await api.Get<SealAudit>().RunOnceAsync();

        Assert.Equal((1, 3), (first!.BatchNo, first.Entries));
        Assert.Equal((2, 1), (second!.BatchNo, second.Entries));
        Assert.True(second.First < first.First);
        Assert.Null(await api.Get<SealAudit>().RunOnceAsync());
        Assert.Null((await VerifyAsync(api)).Finding);
    }

    [Fact]
    public async Task Two_who_seal_at_once_seal_every_entry_once()
    {
        await using var api = await TestApi.StartAsync(_database);
        await AddAsync(SealAudit.MostEntries + 100);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => SealAllAsync(api)));

        Assert.Equal(SealAudit.MostEntries + 100, await CountAsync("select count(*) from audit_leaf"));
        Assert.Equal(0, await CountAsync("select count(*) from audit_open"));
        Assert.Null((await VerifyAsync(api)).Finding);
    }

    [Fact]
    public async Task Killed_between_taking_and_committing_leaves_everything_waiting()
    {
        await using var api = await TestApi.StartAsync(_database);
        await AddAsync(5);
        await using (var connection = await _database.DataSource.OpenConnectionAsync(Ct))
        await using (await connection.BeginTransactionAsync(Ct))
            Assert.Equal(5, (await SealStore.TakeAsync(connection, 100)).Count);

        Assert.Equal(5, (await api.Get<SealAudit>().RunOnceAsync())!.Entries);
        Assert.Null((await VerifyAsync(api)).Finding);
    }

    [Theory]
    [InlineData("update audit_event set action = 'nothing' where audit_id = 5", AuditFault.EntryChanged, 2, 5)]
    [InlineData("update audit_event set at = at + interval '1 microsecond' where audit_id = 4", AuditFault.EntryChanged, 2, 4)]
    [InlineData("delete from audit_event where audit_id = 8", AuditFault.EntryMissing, 3, 8)]
    [InlineData("delete from audit_leaf where audit_id = 8; delete from audit_event where audit_id = 8", AuditFault.RootWrong, 3, 0)]
    [InlineData("update audit_event set audit_id = -audit_id where audit_id in (5, 6)", AuditFault.EntryMissing, 2, 5)]
    [InlineData("delete from audit_leaf where batch_no = 2; delete from audit_batch where batch_no = 2", AuditFault.BatchMissing, 2, 0)]
    [InlineData("delete from audit_leaf where batch_no = 1; delete from audit_batch where batch_no = 1", AuditFault.BatchMissing, 1, 0)]
    [InlineData("update audit_batch set entries = 2 where batch_no = 3", AuditFault.SignatureWrong, 3, 0)]
    [InlineData("insert into audit_event overriding system value select 99, now(), 'x', 'forged'", AuditFault.EntryUnsealed, 3, 99)]
    public async Task What_a_database_superuser_changes_is_named(string forgery, AuditFault fault, long batch, long entry)
    {
        await using var api = await TestApi.StartAsync(_database);
        for (var i = 0; i < 3; i++)
        {
            await AddAsync(3);
            await api.Get<SealAudit>().RunOnceAsync();
        }
        await using (var connection = await _database.Owner.OpenConnectionAsync(Ct))
        {
            foreach (var table in new[] { "audit_event", "audit_batch", "audit_leaf" }) await connection.ExecuteAsync($"alter table {table} disable trigger user");
            await connection.ExecuteAsync("alter table audit_event alter audit_id set generated by default; alter table audit_leaf drop constraint audit_leaf_batch_no_fkey");
            await connection.ExecuteAsync(forgery);
        }

        Assert.Equal(new AuditFinding(fault, batch, entry), (await VerifyAsync(api)).Finding);
    }

    [Fact]
    public async Task Shortened_record_is_noticed_by_who_sealed_it()
    {
        await using var api = await TestApi.StartAsync(_database);
        await AddAsync(1);
        var head = (await api.Get<SealAudit>().RunOnceAsync())!;
        Assert.True(await api.Get<SealAudit>().HoldsAsync(head));

        Assert.False(await api.Get<SealAudit>().HoldsAsync(head with { BatchNo = 2 }));
        Assert.False(await api.Get<SealAudit>().HoldsAsync(head with { Root = RandomNumberGenerator.GetBytes(32) }));
    }

    [Fact]
    public async Task Ten_thousand_entries_cost_a_row_each_a_box_for_each_person_and_no_more()
    {
        await using var api = await TestApi.StartAsync(_database);
        for (var i = 0; i < 20; i++) await api.UserAsync($"person{i}");
        await SealAllAsync(api);
        var (batches, leaves, boxes) = (await CountAsync("select count(*) from audit_batch"), await CountAsync("select count(*) from audit_leaf"), await CountAsync("select count(*) from audit_personal"));
        await using (var connection = await _database.DataSource.OpenConnectionAsync(Ct))
            await connection.ExecuteAsync("insert into audit_event (actor, action, source_address) select 'person' || n % 20, 'test', '192.0.2.1' from generate_series(1, 10000) as n");
        var before = Environment.CpuUsage.TotalTime;

        await SealAllAsync(api);
        var sealing = Environment.CpuUsage.TotalTime - before;
        Assert.Null((await VerifyAsync(api)).Finding);

        TestContext.Current.TestOutputHelper?.WriteLine($"10,000 entries: {sealing.TotalSeconds:0.00} s of this process to seal, {(Environment.CpuUsage.TotalTime - before - sealing).TotalSeconds:0.00} s to verify");
        Assert.Equal((batches + 5, leaves + 10_000, boxes + 10_000), (await CountAsync("select count(*) from audit_batch"), await CountAsync("select count(*) from audit_leaf"), await CountAsync("select count(*) from audit_personal")));
    }

    [Fact]
    public async Task Whole_broker_seals_by_itself()
    {
        await using var broker = new TestBroker(cluster);
        await broker.InitializeAsync();
        await using var connection = await broker.Database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync("insert into audit_event (actor, action) values ('x', 'test')");

        await Storage.Eventually.IsTrueAsync(async () => await connection.ExecuteScalarAsync<long>("select count(*) from audit_leaf join audit_event using (audit_id) where actor = 'x'") == 1, "the entry is sealed");
    }

    [Fact]
    public async Task Names_and_addresses_are_closed_once_sealed_and_read_as_before()
    {
        await using var api = await TestApi.StartAsync(_database);
        var ana = await api.UserAsync("ana.silva");
        await api.UserAsync("rui.costa");
        await using (var connection = await _database.DataSource.OpenConnectionAsync(Ct))
            await connection.ExecuteAsync(
                "insert into audit_event (actor, action, object_kind, object_id, object_name, source_address, reference) values ('rui.costa', 'test', 'user', @ana, 'ana.silva', '192.0.2.55', 'look: ana.silva')", new { ana = ana.Id });
        var waiting = (await api.Get<AuditStore>().ListAsync(0, 1, new(Person: ana.Id.Value), PoolScope.Everything, Ct)).Single();

        await SealAllAsync(api);
        var closed = (await api.Get<AuditStore>().ListAsync(0, 1, new(Person: ana.Id.Value), PoolScope.Everything, Ct)).Single();

        Assert.Equal(waiting, closed);
        Assert.Equal(("rui.costa", "ana.silva", "192.0.2.55", "look: ana.silva"), (closed.Actor, closed.ObjectName, closed.SourceAddress, closed.Reference));
        Assert.Equal(0, await CountAsync("select count(*) from audit_event e where action = 'test' and e::text ~ 'ana|rui|192[.]0'"));
        Assert.Equal(0, await CountAsync("select count(*) from audit_open"));
    }

    private static async Task SealAllAsync(TestApi api)
    {
        var tries = 0;
        while (tries < 20)
        {
            try
            {
                if (await api.Get<SealAudit>().RunOnceAsync() is null) return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { tries++; }   // the other was faster; what was taken waits again
        }
    }

    private static async Task<VerifyProgress> VerifyAsync(TestApi api) => await api.Get<VerifyAudit>().RunAsync(Ct).LastAsync(Ct);

    private async Task AddAsync(int entries)
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync("insert into audit_event (actor, action) select 'x', 'test' from generate_series(1, @entries)", new { entries });
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync(Ct);
        return await connection.ExecuteScalarAsync<long>(sql);
    }
}
