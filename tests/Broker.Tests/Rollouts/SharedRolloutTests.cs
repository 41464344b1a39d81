using Montalegre.Vdi.Broker.Tests.Provisioning;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Rollouts;

/// <summary>Roll-outs to machines that people share: each is emptied first, and nobody is put out.</summary>
public sealed class SharedRolloutTests(FollowerBroker follower) : IClassFixture<FollowerBroker>
{
    private const string TakesPeople = "state in ('available', 'reserved', 'in_use') and drain_since is null and canary_of is null";

    [Fact]
    public async Task Machines_that_are_never_empty_take_nobody_new_until_they_are_and_then_change()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 3, "multi_session");
        List<SessionId> people = [];
        for (var n = 0; n < 3; n++) people.Add(await pool.PersonAsync());
        await pool.StartAsync(canaries: 1, wave: 34, keepReady: 1);

        for (var pass = 0; pass < 3; pass++) await pool.PassAsync();

        Assert.Equal(("canary", nameof(RefusalReason.RolloutWaitsForLogOff)), ((await pool.RowAsync()).State, (await pool.RowAsync()).WaitingReason));
        Assert.Equal(1, await pool.CountAsync("drained_with_rollout"));
        Assert.Equal(0, await pool.OnAsync(pool.NewVersion));
        Assert.All(await Task.WhenAll(people.Select(pool.Pool.Rows.SessionStateAsync)), s => Assert.Equal("active", s));
        foreach (var person in people)
        {
            await pool.LogOffAsync(person);
            for (var pass = 0; pass < 8; pass++)
            {
                await pool.PassAsync();
                Assert.InRange(await pool.CountAsync(TakesPeople), 1, 3);
            }
        }
        await pool.UntilAsync("done");
        Assert.Equal(3, await pool.CountAsync("state = 'available' and drain_since is null and not drained_with_rollout"));
        Assert.Equal(3, await pool.OnAsync(pool.NewVersion));
    }

    [Fact]
    public async Task A_roll_out_that_is_halted_lets_people_on_again_and_one_that_IT_drained_stays_drained()
    {
        await using var pool = await RolledOutPool.MakeAsync(follower.Broker, 2, "multi_session");
        for (var n = 0; n < 2; n++) await pool.PersonAsync();
        await pool.Pool.Rows.ExecuteAsync("update machine set drain_since = now() where pool_id = @id and ordinal = 1", new { id = pool.Pool.Pool.Value });
        await pool.StartAsync(canaries: 1, keepReady: 0);
        for (var pass = 0; pass < 2; pass++) await pool.PassAsync();
        Assert.Equal(1, await pool.CountAsync("drained_with_rollout and ordinal = 2"));

        Assert.True(await pool.HaltAsync());

        Assert.Equal(1, await pool.CountAsync("drain_since is null and not drained_with_rollout and ordinal = 2"));
        Assert.Equal(1, await pool.CountAsync("drain_since is not null and ordinal = 1"));
    }
}
