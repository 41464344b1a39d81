using System.Security.Cryptography;
using Dapper;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Launch;

public sealed class LaunchRaceTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly LaunchStore _store = new(database.DataSource);
    private readonly Arrange _arrange = new(database.DataSource);

    private LaunchAttempt Attempt(UserId user, PoolId pool, RequestId? request = null) => new(
        request ?? new(Guid.NewGuid()), user, pool, "127.0.0.1", new(Guid.NewGuid()), RandomNumberGenerator.GetBytes(32), TimeSpan.FromSeconds(30), Random.Shared.Next());

    private async Task<UserId> EntitledAsync(PoolId pool)
    {
        var user = await _arrange.UserAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = pool.Value, user = user.Value });
        return user;
    }

    private async Task<long> CountAsync(string sql, PoolId pool)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(sql, new { pool = pool.Value });
    }

    [Fact]
    public async Task Of_32_people_who_race_for_the_last_machine_one_gets_it_and_31_wait()
    {
        var pool = await _arrange.PoolAsync("floating");
        await _arrange.MachineAsync(pool, "available");
        var people = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => EntitledAsync(pool)));

        var placements = (await Task.WhenAll(people.Select(p => _store.TryAsync(Attempt(p, pool))))).Select(a => LaunchPolicy.Decide(a.Facts)).ToList();

        Assert.Single(placements.OfType<Placement.Start>());
        Assert.Equal(31, placements.OfType<Placement.Wait>().Count());
        Assert.Equal(1, await CountAsync("select count(*) from session where pool_id = @pool", pool));
        Assert.Equal(1, await CountAsync("select count(*) from ticket t join session s using (session_id) where s.pool_id = @pool", pool));
    }

    [Fact]
    public async Task Thirty_two_people_and_32_machines_find_each_other_without_a_double()
    {
        var pool = await _arrange.PoolAsync("floating");
        for (var i = 0; i < 32; i++) await _arrange.MachineAsync(pool, "available");
        var people = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => EntitledAsync(pool)));

        var answers = await Task.WhenAll(people.Select(p => StartedAsync(p, pool)));

        Assert.Equal(32, answers.Distinct().Count());
    }

    // A row that another launch holds is skipped; a loser of the last free rows looks again, as LaunchDesktop does.
    private async Task<MachineId> StartedAsync(UserId user, PoolId pool)
    {
        for (var i = 0; i < 1000; i++)
        {
            if (LaunchPolicy.Decide((await _store.TryAsync(Attempt(user, pool))).Facts) is Placement.Start start) return start.Machine;
            await Task.Delay(60, TestContext.Current.CancellationToken);
        }
        throw new InvalidOperationException("Nobody was left, and yet no machine.");
    }

    [Fact]
    public async Task One_person_who_clicks_20_times_at_once_gets_one_session_and_20_tickets_for_it()
    {
        var pool = await _arrange.PoolAsync("floating");
        for (var i = 0; i < 25; i++) await _arrange.MachineAsync(pool, "available");
        var person = await EntitledAsync(pool);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _store.TryAsync(Attempt(person, pool))));

        Assert.All(answers, a => Assert.NotNull(a.TicketExpiresAt));
        Assert.Single(answers.Select(a => a.Facts.Machine).Distinct());
        Assert.Equal(1, await CountAsync("select count(*) from session where pool_id = @pool and state <> 'ended'", pool));
        Assert.Equal(1, await CountAsync("select count(*) from machine where pool_id = @pool and state = 'reserved'", pool));
        Assert.Equal(20, await CountAsync("select count(*) from ticket t join session s using (session_id) where s.pool_id = @pool", pool));
    }

    [Fact]
    public async Task A_repeated_request_answers_the_same_session()
    {
        var pool = await _arrange.PoolAsync("floating");
        await _arrange.MachineAsync(pool, "available");
        var person = await EntitledAsync(pool);
        var request = new RequestId(Guid.NewGuid());

        var first = await _store.TryAsync(Attempt(person, pool, request));
        var second = await _store.TryAsync(Attempt(person, pool, request));

        Assert.Equal(first.Facts.OpenedSession, second.Facts.OwnSession);
        Assert.IsType<Placement.Reconnect>(LaunchPolicy.Decide(second.Facts));
    }

    [Fact]
    public async Task An_attempt_whose_answer_was_lost_is_looked_up_and_not_made_twice()
    {
        var pool = await _arrange.PoolAsync("floating");
        for (var i = 0; i < 3; i++) await _arrange.MachineAsync(pool, "available");
        var attempt = Attempt(await EntitledAsync(pool), pool);
        var committed = await _store.TryAsync(attempt);

        var again = await _store.TryAsync(attempt);   // as after a connection that broke between commit and answer

        Assert.Equal(committed, again);
        Assert.IsType<Placement.Start>(LaunchPolicy.Decide(again.Facts));
        Assert.Equal(1, await CountAsync("select count(*) from session where pool_id = @pool", pool));
        Assert.Equal(1, await CountAsync("select count(*) from ticket t join session s using (session_id) where s.pool_id = @pool", pool));
    }

    [Fact]
    public async Task Somebody_without_the_right_gets_no_machine_and_no_ticket()
    {
        var pool = await _arrange.PoolAsync("floating");
        await _arrange.MachineAsync(pool, "available");

        var answer = await _store.TryAsync(Attempt(await _arrange.UserAsync(), pool));

        Assert.Equal(new Placement.Refuse(RefusalReason.NotEntitled), LaunchPolicy.Decide(answer.Facts));
        Assert.Equal(1, await CountAsync("select count(*) from machine where pool_id = @pool and state = 'available'", pool));
        Assert.Null(answer.TicketExpiresAt);
    }

    [Fact]
    public async Task A_draining_machine_is_not_offered_to_a_new_session()
    {
        var pool = await _arrange.PoolAsync("floating");
        var machine = await _arrange.MachineAsync(pool, "available");
        await using (var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
            await connection.ExecuteAsync("update machine set drain_since = now() where machine_id = @machine", new { machine = machine.Value });

        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(await EntitledAsync(pool), pool))).Facts));
    }

    [Fact]
    public async Task Who_came_first_gets_the_machine_that_becomes_free()
    {
        var pool = await _arrange.PoolAsync("floating");
        var (first, second) = (await EntitledAsync(pool), await EntitledAsync(pool));
        Assert.Equal(1, (await _store.WaitAsync(new(Guid.NewGuid()), first, pool)).Place);
        Assert.Equal(2, (await _store.WaitAsync(new(Guid.NewGuid()), second, pool)).Place);
        // A place is lost after fifteen seconds; here both go on waiting however long the test takes.
        await _arrange.ExecuteAsync("update launch_request set seen_at = now() + interval '1 hour' where pool_id = @pool", new { pool = pool.Value });
        await _arrange.MachineAsync(pool, "available");

        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(second, pool))).Facts));
        Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(first, pool))).Facts));
        Assert.Equal(1, (await _store.WaitAsync(new(Guid.NewGuid()), second, pool)).Place);
    }

    [Fact]
    public async Task A_person_keeps_the_machine_of_a_dedicated_pool()
    {
        var pool = await _arrange.PoolAsync("dedicated");
        for (var i = 0; i < 5; i++) await _arrange.MachineAsync(pool, "available");
        var person = await EntitledAsync(pool);
        var first = await _store.TryAsync(Attempt(person, pool));
        await using (var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await connection.ExecuteAsync("update session set state = 'ended', ended_at = now() where session_id = @s", new { s = first.Facts.OpenedSession!.Value.Value });
            await connection.ExecuteAsync("update machine set state = 'available' where machine_id = @m", new { m = first.Facts.Machine!.Value.Value });
        }

        Assert.Equal(first.Facts.Machine, (await _store.TryAsync(Attempt(person, pool))).Facts.Machine);
        Assert.NotEqual(first.Facts.Machine, (await _store.TryAsync(Attempt(await EntitledAsync(pool), pool))).Facts.Machine);
    }

    [Fact]
    public async Task Whoever_has_a_machine_of_his_own_gets_it_past_the_queue_and_keeps_nobody_from_a_free_one_while_it_is_not_ready()
    {
        var pool = await _arrange.PoolAsync("dedicated");
        var (owner, sleeper, stranger) = (await EntitledAsync(pool), await EntitledAsync(pool), await EntitledAsync(pool));
        foreach (var (person, state) in new[] { (owner, "available"), (sleeper, "asleep") })
        {
            var machine = await _arrange.MachineAsync(pool, state);
            await _arrange.ExecuteAsync("update machine set assigned_user_id = @person where machine_id = @machine", new { person = person.Value, machine = machine.Value });
        }
        await _store.WaitAsync(new(Guid.NewGuid()), stranger, pool);

        Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(owner, pool))).Facts));

        await _store.LeaveQueueAsync(stranger, pool);
        await _store.WaitAsync(new(Guid.NewGuid()), sleeper, pool);
        await _arrange.MachineAsync(pool, "available");

        Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(stranger, pool))).Facts));
        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(sleeper, pool))).Facts));
    }
}
