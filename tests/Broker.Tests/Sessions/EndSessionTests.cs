using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Sessions;

public sealed class EndSessionTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly Arrange _rows = new(database.DataSource);
    private readonly SessionStore _store = new(database.DataSource);
    private readonly EndSession _end = new(new SessionStore(database.DataSource), TimeProvider.System, NullLogger<EndSession>.Instance);

    public static TheoryData<string, string, string, bool> Combinations()
    {
        var all = new TheoryData<string, string, string, bool>();
        foreach (var (kind, action) in new[] { ("floating", "refresh"), ("floating", "delete"), ("dedicated", "keep"), ("manual", "keep") })
            foreach (var state in new[] { "provisioning", "available", "reserved", "in_use", "unreachable", "faulted", "deleting" })
                foreach (var manual in new[] { false, true })
                    all.Add(kind, action, state, manual);
        return all;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task End_statement_does_with_the_machine_what_the_domain_decides(string kind, string action, string state, bool manual)
    {
        var machine = await _rows.MachineAsync(await _rows.PoolAsync(kind), "in_use", manual);
        var session = await _rows.SessionAsync(machine, "active", "c1");
        await _rows.ExecuteAsync("update machine set state = @state, used_generation = null where machine_id = @id", new { state, id = machine.Value });
        await _rows.ExecuteAsync("update pool set log_off_action = @action where pool_id = (select pool_id from machine where machine_id = @id)", new { action, id = machine.Value });
        var then = Enum.Parse<LogOffAction>(action, ignoreCase: true);
        var was = Enum.Parse<MachineState>(state.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

        Assert.True(await _end.RunAsync(new(session, SessionEnd.LoggedOff, "test")));

        var expected = MachineAfterSession.Next(then, manual, was);
        var actual = await _rows.MachineStateAsync(machine);
        Assert.Equal(expected, Enum.Parse<MachineState>(actual.Replace("_", "", StringComparison.Ordinal), ignoreCase: true));
        var changed = MachineAfterSession.Action(then, manual) != LogOffAction.Keep && was is not (MachineState.Faulted or MachineState.Deleting);
        Assert.Equal(changed ? $"{action} stop" : null, await _rows.RunningAsync(machine));
    }

    [Fact]
    public async Task Second_report_of_the_same_log_off_changes_nothing()
    {
        var machine = await _rows.MachineAsync("floating", "in_use");
        var session = await _rows.SessionAsync(machine, "active", "c1");

        var ended = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _end.RunAsync(new(session, SessionEnd.LoggedOff, "test"))));

        Assert.Single(ended, true);
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.end"));
        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from operation where machine_id = @id", machine.Value));
        Assert.Equal("logged_off", await _rows.ScalarAsync<string>("select end_reason from session where session_id = @id", session.Value));
    }

    [Fact]
    public async Task Session_that_ends_while_its_machine_restarts_turns_the_restart_into_a_refresh()
    {
        var machine = await _rows.MachineAsync("floating", "in_use");
        var session = await _rows.SessionAsync(machine, "active", "c1");
        await _rows.OperationAsync(machine, "restart", "await_agent");
        await _rows.ExecuteAsync("update machine set state = 'provisioning' where machine_id = @id", new { id = machine.Value });

        await _end.RunAsync(new(session, SessionEnd.MachineRestarted, "test"));

        Assert.Equal("refresh stop", await _rows.RunningAsync(machine));
        Assert.Equal("provisioning", await _rows.MachineStateAsync(machine));
    }

    [Fact]
    public async Task Reservation_that_nobody_comes_to_ends_after_its_newest_ticket_is_old_enough()
    {
        var machine = await _rows.MachineAsync("floating", "reserved");
        var session = await _rows.SessionAsync(machine, "pending");
        await _rows.TicketAsync(session);
        await _rows.ExecuteAsync("update session set started_at = now() - interval '9 minutes', state_since = now() - interval '9 minutes' where session_id = @id", new { id = session.Value });
        var patience = TimeSpan.FromMinutes(5);
        var request = new EndRequest(session, SessionEnd.NeverLoggedOn, "broker") { OnlyPending = true, NewestTicketOlderThan = patience };

        Assert.DoesNotContain(session, (await _store.NeverLoggedOnAsync(100, TestContext.Current.CancellationToken)).Select(e => new SessionId(e.SessionId)));
        Assert.False(await _end.RunAsync(request));
        await _rows.ExecuteAsync("update ticket set issued_at = now() - interval '6 minutes' where session_id = @id", new { id = session.Value });

        Assert.Contains(session, (await _store.NeverLoggedOnAsync(100, TestContext.Current.CancellationToken)).Select(e => new SessionId(e.SessionId)));
        Assert.True(await _end.RunAsync(request));
        Assert.Equal("provisioning", await _rows.MachineStateAsync(machine));
    }

    [Fact]
    public async Task Sweep_does_not_end_a_session_whose_person_has_just_logged_on()
    {
        var machine = await _rows.MachineAsync("floating", "reserved");
        var session = await _rows.SessionAsync(machine, "pending");
        await _rows.ExecuteAsync("update session set started_at = now() - interval '9 minutes' where session_id = @id", new { id = session.Value });
        await _store.SeeAsync(machine, session, new("c1", "ana", false, session, null, null));

        Assert.False(await _end.RunAsync(new(session, SessionEnd.NeverLoggedOn, "broker") { OnlyPending = true, NewestTicketOlderThan = TimeSpan.FromMinutes(5) }));

        Assert.Equal("active", await _rows.SessionStateAsync(session));
    }

    [Fact]
    public async Task Database_itself_refuses_to_offer_a_used_overlay()
    {
        var machine = await _rows.MachineAsync("floating", "in_use");
        await _rows.SessionAsync(machine, "active", "c1");

        var error = await Assert.ThrowsAsync<PostgresException>(() =>
            _rows.ExecuteAsync("update machine set state = 'available' where machine_id = @id", new { id = machine.Value }));

        Assert.Equal("machine_fresh_when_offered_ck", error.ConstraintName);
    }
}
