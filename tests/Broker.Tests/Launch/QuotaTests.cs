using System.Security.Cryptography;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Launch;

public sealed class QuotaTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly LaunchStore _store = new(database.DataSource);
    private readonly Arrange _rows = new(database.DataSource);

    [Fact]
    public async Task Fifty_launches_of_one_person_over_ten_pools_open_no_more_sessions_than_he_may_have()
    {
        var user = await _rows.UserAsync();
        await _rows.ExecuteAsync("update app_user set most_sessions = 3 where user_id = @id", new { id = user.Value });
        var pools = new List<PoolId>();
        for (var i = 0; i < 10; i++) pools.Add(await PoolAsync(machines: 3, user));

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(n => DecidedAsync(user, pools[n % pools.Count])));

        var placements = answers.Select(a => LaunchPolicy.Decide(a.Facts)).ToList();
        Assert.Equal(3, placements.OfType<Placement.Start>().Count());
        Assert.Equal(3, await _rows.ScalarAsync<int>("select count(*)::integer from session where user_id = @id and state <> 'ended'", user.Value));
        Assert.Equal(3, await _rows.ScalarAsync<int>("select count(*)::integer from machine m join session s using (machine_id) where s.user_id = @id and m.state = 'reserved'", user.Value));
        Assert.All(placements.Where(p => p is not (Placement.Start or Placement.Reconnect)), p => Assert.Equal(new Placement.Refuse(RefusalReason.QuotaReached), p));
        Assert.All(answers.Where(a => a.Facts.UserQuotaReached && a.Facts.OpenedSession is null && a.Facts.OwnSession is null), a => Assert.Equal(3, a.OpenSessions.Split(", ").Length));
    }

    [Fact]
    public async Task Who_ends_a_session_may_open_another_and_an_open_one_is_joined_whatever_the_quota()
    {
        var user = await _rows.UserAsync();
        var (one, other) = (await PoolAsync(2, user), await PoolAsync(2, user));
        var first = await _store.TryAsync(Attempt(user, one));
        await _rows.ExecuteAsync("update app_user set most_sessions = 1 where user_id = @id", new { id = user.Value });

        Assert.Equal(new Placement.Refuse(RefusalReason.QuotaReached), LaunchPolicy.Decide((await _store.TryAsync(Attempt(user, other))).Facts));
        Assert.IsType<Placement.Reconnect>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(user, one))).Facts));
        await _rows.ExecuteAsync("update session set state = 'ended' where session_id = @id", new { id = first.Facts.OpenedSession!.Value.Value });
        Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(user, other))).Facts));
    }

    [Fact]
    public async Task What_holds_for_everybody_gives_way_to_a_persons_own_number()
    {
        await _rows.ExecuteAsync("update installation set most_sessions_per_user = 1", new { });
        try
        {
            var (usual, special) = (await _rows.UserAsync(), await _rows.UserAsync());
            await _rows.ExecuteAsync("update app_user set most_sessions = 2 where user_id = @id", new { id = special.Value });
            var (one, other) = (await PoolAsync(4, usual, special), await PoolAsync(4, usual, special));
            foreach (var user in new[] { usual, special }) Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(user, one))).Facts));

            Assert.Equal(new Placement.Refuse(RefusalReason.QuotaReached), LaunchPolicy.Decide((await _store.TryAsync(Attempt(usual, other))).Facts));
            Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(special, other))).Facts));
        }
        finally
        {
            await _rows.ExecuteAsync("update installation set most_sessions_per_user = null", new { });
        }
    }

    [Fact]
    public async Task Sixty_people_on_a_pool_of_sixty_machines_open_no_more_sessions_than_the_pool_may_have()
    {
        var people = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => _rows.UserAsync()));
        var pool = await PoolAsync(60, people);
        var before = await _store.TryAsync(Attempt(people[0], pool));           // opened before there was a quota
        await _rows.ExecuteAsync("update pool set most_sessions = 10 where pool_id = @id", new { id = pool.Value });

        var answers = await Task.WhenAll(people.Skip(1).Select(p => DecidedAsync(p, pool, rounds: 10)));

        Assert.NotNull(before.Facts.OpenedSession);
        Assert.Equal(9, answers.Count(a => a.Facts.OpenedSession is not null));
        Assert.Equal(10, await _rows.ScalarAsync<int>("select count(*)::integer from session where pool_id = @id and state <> 'ended'", pool.Value));
        var waiting = await _store.WaitAsync(new(Guid.NewGuid()), people[59], pool);
        Assert.Equal(RefusalReason.PoolQuotaReached, LaunchPolicy.Explain(waiting).Reason);
    }

    [Fact]
    public async Task Seat_of_a_pool_goes_to_who_waited_first()
    {
        var (first, second, third) = (await _rows.UserAsync(), await _rows.UserAsync(), await _rows.UserAsync());
        var pool = await PoolAsync(5, first, second, third);
        await _rows.ExecuteAsync("update pool set most_sessions = 1 where pool_id = @id", new { id = pool.Value });
        var taken = await _store.TryAsync(Attempt(first, pool));
        await _store.WaitAsync(new(Guid.NewGuid()), second, pool);
        await KeepPlacesAsync(pool);
        await _rows.ExecuteAsync("update session set state = 'ended' where session_id = @id", new { id = taken.Facts.OpenedSession!.Value.Value });

        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(third, pool))).Facts));
        Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(second, pool))).Facts));
    }

    [Fact]
    public async Task Who_leaves_the_queue_gets_no_machine_by_that_request_and_comes_back_at_its_end()
    {
        var (leaver, other) = (await _rows.UserAsync(), await _rows.UserAsync());
        var pool = await PoolAsync(0, leaver, other);
        var request = new RequestId(Guid.NewGuid());
        await _store.WaitAsync(request, leaver, pool);
        await _store.WaitAsync(new(Guid.NewGuid()), other, pool);
        await KeepPlacesAsync(pool);

        Assert.True(await _store.GiveUpAsync(leaver, pool));
        Assert.False(await _store.GiveUpAsync(leaver, pool));
        await _rows.MachineAsync(pool, "available");

        Assert.True((await _store.WaitAsync(request, leaver, pool)).LeftQueue);
        Assert.Equal(new Placement.Refuse(RefusalReason.LeftQueue), LaunchPolicy.Decide((await _store.TryAsync(Attempt(leaver, pool, request))).Facts));
        var again = await _store.WaitAsync(new(Guid.NewGuid()), leaver, pool);
        Assert.Equal((false, 2), (again.LeftQueue, again.Place));
        Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(other, pool))).Facts));
    }

    private static LaunchAttempt Attempt(UserId user, PoolId pool, RequestId? request = null) => new(
        request ?? new(Guid.NewGuid()), user, pool, "127.0.0.1", new(Guid.NewGuid()), RandomNumberGenerator.GetBytes(32), TimeSpan.FromSeconds(30), Random.Shared.Next());

    // A place is lost after fifteen seconds; here people go on waiting however long the test takes.
    private Task KeepPlacesAsync(PoolId pool) => _rows.ExecuteAsync("update launch_request set seen_at = now() + interval '1 hour' where pool_id = @pool", new { pool = pool.Value });

    // A machine that another launch holds for a moment is skipped; whoever found only such ones looks again, as LaunchDesktop does.
    private async Task<LaunchAnswer> DecidedAsync(UserId user, PoolId pool, int rounds = 1000)
    {
        var answer = await _store.TryAsync(Attempt(user, pool));
        for (var i = 1; i < rounds && LaunchPolicy.Decide(answer.Facts) is Placement.Wait; i++)
        {
            await Task.Delay(60, TestContext.Current.CancellationToken);
            answer = await _store.TryAsync(Attempt(user, pool));
        }
        return answer;
    }

    private async Task<PoolId> PoolAsync(int machines, params UserId[] entitled)
    {
        var pool = await _rows.PoolAsync("floating");
        for (var i = 0; i < machines; i++) await _rows.MachineAsync(pool, "available");
        await _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) select @pool, unnest(@users)", new { pool = pool.Value, users = entitled.Select(u => u.Value).ToArray() });
        return pool;
    }
}
