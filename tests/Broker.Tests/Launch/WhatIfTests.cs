using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Launch;

/// <summary>Who would have waited, from sessions as they are recorded.</summary>
public sealed class WhatIfTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly Arrange _rows = new(database.DataSource);
    private readonly WhatIf _whatIf = new(new(database.DataSource, database.Owner), Options.Create(new ProvisioningOptions()));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_sessions_at_once_wait_with_one_spare_machine_and_not_with_three()
    {
        var pool = await _rows.PoolAsync("floating");
        await _rows.ExecuteAsync("update pool set size = 6, spare = 3 where pool_id = @id", new { id = pool.Value });
        await _rows.ExecuteAsync("insert into machine_start (pool_id, machine_id, asked_at, powered_on_at, ended_at, reported) values (@id, @id, now() - interval '40 s', now() - interval '30 s', now(), true)", new { id = pool.Value });
        for (var n = 0; n < 3; n++) await StayAsync(pool, "3 hours", "1 hour");
        await StayAsync(pool, "9 days", "1 hour");   // before the days that are asked about

        var answer = await _whatIf.RunAsync(pool, null, Spare.Machines(1), 7, Ct);

        Assert.Equal((3, 0), (answer.AsIs.Arrivals, answer.AsIs.Waits.Count));
        Assert.Equal((3, 2, TimeSpan.FromSeconds(30)), (answer.Changed.Arrivals, answer.Changed.Waits.Count, answer.Changed.LongestWait));
        Assert.True(answer.StartMeasured);
        Assert.All(answer.Changed.Waits, w => Assert.True(w.Served));
        Assert.Equal(4, (await _whatIf.RunAsync(pool, 1, null, 30, Ct)).Changed.Arrivals);
    }

    [Fact]
    public async Task A_pool_of_personal_machines_is_refused()
    {
        var pool = await _rows.PoolAsync("dedicated");

        await Assert.ThrowsAsync<RpcException>(() => _whatIf.RunAsync(pool, 3, null, 7, Ct));
        await Assert.ThrowsAsync<RpcException>(() => _whatIf.RunAsync(new(Guid.NewGuid()), 3, null, 7, Ct));
    }

    private async Task StayAsync(PoolId pool, string ago, string stay)
    {
        var user = await _rows.UserAsync();
        await _rows.ExecuteAsync("""
            insert into session (session_id, request_id, user_id, pool_id, machine_id, state, started_at, ended_at)
                 values (gen_random_uuid(), gen_random_uuid(), @user, @pool, gen_random_uuid(), 'ended', date_trunc('minute', now()) - @ago::interval, date_trunc('minute', now()) - @ago::interval + @stay::interval)
            """, new { user = user.Value, pool = pool.Value, ago, stay });
    }
}
