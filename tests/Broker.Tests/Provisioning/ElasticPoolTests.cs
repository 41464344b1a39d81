using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Provisioning;

/// <summary>A pool with a spare follows its people, on a real database and a host in memory.</summary>
public sealed class ElasticPoolTests(FollowerBroker follower) : IClassFixture<FollowerBroker>
{
    [Fact]
    public async Task It_keeps_its_spare_ahead_of_its_people_up_to_its_size()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 3);
        await SpareAsync(pool, 1);
        Assert.Single(await GrownAsync(pool));
        await TakeAllAsync(pool);
        Assert.Equal(2, (await GrownAsync(pool)).Count);
        await TakeAllAsync(pool);
        Assert.Equal(3, (await GrownAsync(pool)).Count);
        await TakeAllAsync(pool);
        Assert.Equal(3, (await GrownAsync(pool)).Count);
        await pool.AssertNothingIsLeftOverAsync();
    }

    [Fact]
    public async Task People_in_the_queue_get_machines_beyond_the_spare_and_those_who_left_it_do_not()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 10);
        await SpareAsync(pool, 0);
        Assert.Empty(await GrownAsync(pool));
        foreach (var seconds in new[] { -3600, -3600, 60 })     // who waits is seen again and again, also while the test stands still
            await pool.Rows.ExecuteAsync(
                "insert into launch_request (request_id, user_id, pool_id, seen_at) values (gen_random_uuid(), @user, @pool, now() - make_interval(secs => @seconds))",
                new { user = (await pool.Rows.UserAsync()).Value, pool = pool.Pool.Value, seconds });
        Assert.Equal(2, (await GrownAsync(pool)).Count);
    }

    [Fact]
    public async Task What_nobody_has_needed_for_long_goes_and_the_spare_stays()
    {
        await using var pool = await FakeHostPool.MakeAsync(follower.Broker, 4);
        Assert.Equal(4, (await GrownAsync(pool)).Count);
        await SpareAsync(pool, 1);
        Assert.Equal(4, (await GrownAsync(pool)).Count);
        await pool.Rows.ExecuteAsync("update machine set state_since = now() - interval '11 minutes' where pool_id = @pool", new { pool = pool.Pool.Value });
        Assert.Single(await GrownAsync(pool));
        await pool.AssertNothingIsLeftOverAsync();
    }

    private static Task SpareAsync(FakeHostPool pool, int spare) => pool.Rows.ExecuteAsync("update pool set spare = @spare where pool_id = @pool", new { spare, pool = pool.Pool.Value });

    private static Task TakeAllAsync(FakeHostPool pool) => pool.Rows.ExecuteAsync("update machine set state = 'in_use' where pool_id = @pool and state = 'available'", new { pool = pool.Pool.Value });

    private static async Task<IReadOnlyList<MachineId>> GrownAsync(FakeHostPool pool)
    {
        await pool.RunAsync();
        await pool.AgentsReportAsync();
        return await pool.MachinesAsync();
    }
}
