using Dapper;
using Montalegre.Vdi.Broker.Entitlements;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Entitlements;

public sealed class EntitlementTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Granting_and_revoking_twice_changes_and_records_once()
    {
        await using var api = await TestApi.StartAsync(database);
        var pool = await PoolAsync("balcao");
        var user = await api.UserAsync("ana");
        var done = new EntitlementOutcome.Done(user);

        Assert.Empty((await api.Get<ListEntitlements>().RunAsync(pool, Ct))!);
        Assert.Equal(done, await api.Get<GrantEntitlement>().RunAsync(pool, "Ana", TestApi.By));
        Assert.Equal(done, await api.Get<GrantEntitlement>().RunAsync(pool, "ana", TestApi.By));
        Assert.Equal([user], await api.Get<ListEntitlements>().RunAsync(pool, Ct));
        Assert.Equal(done, await api.Get<RevokeEntitlement>().RunAsync(pool, "ana", TestApi.By));
        Assert.Equal(done, await api.Get<RevokeEntitlement>().RunAsync(pool, "ana", TestApi.By));
        Assert.Empty((await api.Get<ListEntitlements>().RunAsync(pool, Ct))!);

        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        Assert.Equal(["pool.entitle", "pool.revoke_entitlement"],
            await connection.QueryAsync<string>("select action from audit_event where object_id = @pool order by audit_id", new { pool }));
    }

    [Fact]
    public async Task Unknown_pool_and_unknown_user_are_told_apart()
    {
        await using var api = await TestApi.StartAsync(database);
        var pool = await PoolAsync("laboratorio");
        await api.UserAsync("bruno");
        var nowhere = new PoolId(Guid.CreateVersion7());

        Assert.Equal(new EntitlementOutcome.Refused(RefusalReason.NotFound, "user_name"), await api.Get<GrantEntitlement>().RunAsync(pool, "nobody", TestApi.By));
        Assert.Equal(new EntitlementOutcome.Refused(RefusalReason.PoolUnknown, "pool_id"), await api.Get<GrantEntitlement>().RunAsync(nowhere, "bruno", TestApi.By));
        Assert.Null(await api.Get<ListEntitlements>().RunAsync(nowhere, Ct));
    }

    private async Task<PoolId> PoolAsync(string name)
    {
        var pool = new PoolId(Guid.CreateVersion7());
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync("insert into pool (pool_id, name, kind, size) values (@pool, @name, 'manual', 0)", new { pool, name });
        return pool;
    }
}
