using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Launch;

/// <summary>Multi-session pools: several people on one machine, and never more than it has seats.</summary>
public sealed class SharedMachineTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly LaunchStore _store = new(database.DataSource);
    private readonly Arrange _rows = new(database.DataSource);
    private readonly EndSession _end = new(new SessionStore(database.DataSource), TimeProvider.System, NullLogger<EndSession>.Instance);

    [Theory]
    [InlineData("breadth")]
    [InlineData("depth")]
    public async Task A_hundred_people_at_once_onto_10_machines_of_10_seats_get_one_seat_each_and_the_101st_waits(string distribution)
    {
        var (pool, people) = await PoolAsync(machines: 10, seats: 10, people: 101, distribution);

        var placed = (await Task.WhenAll(people.Take(100).Select(p => StartedAsync(p, pool)))).ToList();
        var late = await _store.TryAsync(Attempt(people[100], pool));

        Assert.Equal(100, placed.Select(p => p.Session).Distinct().Count());
        Assert.All(placed.GroupBy(p => p.Machine), g => Assert.Equal(10, g.Count()));
        Assert.Equal(100, await CountAsync("select count(distinct (machine_id, machine_seat))::integer from session where pool_id = @id and state <> 'ended' and machine_seat between 0 and 9", pool));
        Assert.Equal(0, await CountAsync("select count(*)::integer from machine where pool_id = @id and state <> 'reserved'", pool));
        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide(late.Facts));
        var wait = await _store.WaitAsync(new(Guid.NewGuid()), people[100], pool);
        Assert.Equal((1, RefusalReason.PoolFull), (wait.Place, LaunchPolicy.Explain(wait).Reason));
    }

    [Fact]
    public async Task Breadth_gives_the_emptiest_machine_and_depth_fills_one_after_the_other()
    {
        var (wide, many) = await PoolAsync(machines: 4, seats: 3, people: 8, "breadth");
        var (deep, few) = await PoolAsync(machines: 4, seats: 3, people: 5, "depth");

        foreach (var person in many) await StartedAsync(person, wide);
        foreach (var person in few) await StartedAsync(person, deep);

        Assert.Equal("2 2 2 2", await LoadsAsync(wide));
        Assert.Equal("0 0 2 3", await LoadsAsync(deep));
    }

    [Fact]
    public async Task One_person_who_clicks_20_times_at_once_has_one_seat()
    {
        var (pool, people) = await PoolAsync(machines: 3, seats: 5, people: 1);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _store.TryAsync(Attempt(people[0], pool))));

        Assert.All(answers, a => Assert.NotNull(a.TicketExpiresAt));
        Assert.Equal(1, await CountAsync("select count(*)::integer from session where pool_id = @id", pool));
    }

    [Fact]
    public async Task A_draining_machine_takes_nobody_new_and_keeps_who_is_there()
    {
        var (pool, people) = await PoolAsync(machines: 1, seats: 5, people: 2);
        var first = await StartedAsync(people[0], pool);
        await _rows.ExecuteAsync("update machine set drain_since = now() where pool_id = @id", new { id = pool.Value });

        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(people[1], pool))).Facts));
        Assert.Equal(new Placement.Reconnect(first.Session, first.Machine), LaunchPolicy.Decide((await _store.TryAsync(Attempt(people[0], pool))).Facts));
    }

    [Fact]
    public async Task Fewer_seats_put_nobody_out_and_let_nobody_in_before_there_is_room()
    {
        var (pool, people) = await PoolAsync(machines: 1, seats: 4, people: 6);
        var there = new List<(SessionId Session, MachineId Machine)>();
        foreach (var person in people.Take(4)) there.Add(await StartedAsync(person, pool));
        await _rows.ExecuteAsync("update pool set sessions_per_machine = 2 where pool_id = @id", new { id = pool.Value });

        await LeaveAsync(there[0].Session);     // seats 0 and 1 are the two that are left; who has 2 or 3 counts all the same
        await LeaveAsync(there[1].Session);
        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(people[4], pool))).Facts));
        await LeaveAsync(there[2].Session);
        Assert.IsType<Placement.Start>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(people[4], pool))).Facts));
        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide((await _store.TryAsync(Attempt(people[5], pool))).Facts));
    }

    [Fact]
    public async Task Ten_who_leave_at_the_same_moment_leave_one_free_machine_behind()
    {
        for (var round = 0; round < 5; round++)
        {
            var (pool, people) = await PoolAsync(machines: 1, seats: 10, people: 10);
            var sessions = new List<SessionId>();
            foreach (var person in people) sessions.Add((await StartedAsync(person, pool)).Session);

            Assert.All(await Task.WhenAll(sessions.Select(LeaveAsync)), Assert.True);

            Assert.Equal(1, await CountAsync("select count(*)::integer from machine where pool_id = @id and state = 'available'", pool));
        }
    }

    [Fact]
    public async Task Whoever_arrives_as_the_last_one_leaves_is_not_on_a_machine_that_is_being_renewed()
    {
        for (var round = 0; round < 20; round++)
        {
            var (pool, people) = await PoolAsync(machines: 1, seats: 2, people: 2);
            await _rows.ExecuteAsync("update pool set log_off_action = 'refresh', renew_hours = 0 where pool_id = @id", new { id = pool.Value });
            var first = await StartedAsync(people[0], pool);

            var arriving = _store.TryAsync(Attempt(people[1], pool));
            await Task.WhenAll(LeaveAsync(first.Session), arriving);

            var came = LaunchPolicy.Decide((await arriving).Facts) is Placement.Start;
            Assert.Equal(came ? "reserved" : "provisioning", await _rows.MachineStateAsync(first.Machine));
            Assert.Equal(came ? null : "refresh stop", await _rows.RunningAsync(first.Machine));
        }
    }

    [Theory]
    [InlineData("refresh", 30, "provisioning", "refresh stop")]
    [InlineData("delete", 30, "deleting", "delete stop")]
    [InlineData("refresh", 2, "available", null)]
    [InlineData("keep", 30, "available", null)]
    public async Task A_machine_is_renewed_when_its_last_person_leaves_and_it_is_old(string action, int hours, string state, string? running)
    {
        var (pool, people) = await PoolAsync(machines: 1, seats: 5, people: 2);
        await _rows.ExecuteAsync("update pool set log_off_action = @action, renew_hours = 20 where pool_id = @id", new { id = pool.Value, action });
        await _rows.ExecuteAsync("update machine set overlay_at = now() - make_interval(hours => @hours) where pool_id = @id", new { id = pool.Value, hours });
        var (first, second) = (await StartedAsync(people[0], pool), await StartedAsync(people[1], pool));

        await LeaveAsync(first.Session);
        Assert.Equal("reserved", await _rows.MachineStateAsync(first.Machine));
        Assert.Null(await _rows.RunningAsync(first.Machine));
        await LeaveAsync(second.Session);

        Assert.Equal(state, await _rows.MachineStateAsync(first.Machine));
        Assert.Equal(running, await _rows.RunningAsync(first.Machine));
        Assert.Equal(action == "keep" ? LogOffAction.Keep : MachineAfterSession.SharedAction(Enum.Parse<LogOffAction>(action, true), manual: false, old: hours > 20),
            running is null ? LogOffAction.Keep : Enum.Parse<LogOffAction>(action, true));
    }

    [Fact]
    public async Task Database_itself_refuses_two_people_on_one_seat_and_seats_where_a_machine_is_one_persons()
    {
        var (pool, people) = await PoolAsync(machines: 1, seats: 5, people: 2);
        foreach (var person in people) await StartedAsync(person, pool);

        var twice = await Assert.ThrowsAsync<PostgresException>(() => _rows.ExecuteAsync("update session set machine_seat = 0 where pool_id = @id", new { id = pool.Value }));
        Assert.Equal("session_machine_seat_uq", twice.ConstraintName);
        var floating = await _rows.PoolAsync("floating");
        var shared = await Assert.ThrowsAsync<PostgresException>(() => _rows.ExecuteAsync("update pool set sessions_per_machine = 2 where pool_id = @id", new { id = floating.Value }));
        Assert.Equal("pool_sessions_per_machine_ck", shared.ConstraintName);
    }

    private async Task<(PoolId Pool, List<UserId> People)> PoolAsync(int machines, int seats, int people, string distribution = "breadth")
    {
        var pool = await _rows.SharedPoolAsync(seats, distribution);
        for (var i = 0; i < machines; i++) await _rows.MachineAsync(pool, "available");
        var all = new List<UserId>();
        for (var i = 0; i < people; i++) all.Add(await _rows.UserAsync());
        foreach (var user in all) await _rows.ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = pool.Value, user = user.Value });
        return (pool, all);
    }

    private async Task<(SessionId Session, MachineId Machine)> StartedAsync(UserId user, PoolId pool)
    {
        var answer = await _store.TryAsync(Attempt(user, pool));
        var start = Assert.IsType<Placement.Start>(LaunchPolicy.Decide(answer.Facts));
        return (start.Session, start.Machine);
    }

    private Task<bool> LeaveAsync(SessionId session) => _end.RunAsync(new(session, SessionEnd.LoggedOff, "test"));

    private async Task<string> LoadsAsync(PoolId pool)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        return string.Join(' ', await Dapper.SqlMapper.QueryAsync<int>(connection, """
            select (select count(*)::integer from session s where s.machine_id = m.machine_id and s.state <> 'ended') as people
              from machine m where m.pool_id = @pool order by people
            """, new { pool = pool.Value }));
    }

    private Task<int> CountAsync(string sql, PoolId pool) => _rows.ScalarAsync<int>(sql, pool.Value);

    private static LaunchAttempt Attempt(UserId user, PoolId pool) => new(
        new(Guid.NewGuid()), user, pool, "127.0.0.1", new(Guid.NewGuid()), RandomNumberGenerator.GetBytes(32), TimeSpan.FromSeconds(30), Random.Shared.Next());
}
