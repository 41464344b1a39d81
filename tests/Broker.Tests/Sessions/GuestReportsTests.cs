using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Sessions;

public sealed class GuestReportsTests : IClassFixture<TestDatabase>
{
    private readonly Arrange _rows;
    private readonly IdleReports _idle = new();
    private readonly SessionStore _store;
    private readonly GuestReports _reports;

    public GuestReportsTests(TestDatabase database)
    {
        _rows = new(database.DataSource);
        _store = new(database.DataSource);
        _reports = new(_store, new(_store, TimeProvider.System, NullLogger<EndSession>.Instance), CardLockTests.Locks(database.DataSource, _store), ApplicationsBesideTests.Programs(database.DataSource), _idle, TimeProvider.System, NullLogger<GuestReports>.Instance);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logon_makes_the_session_active_and_its_machine_in_use()
    {
        var (machine, session) = await ReservedAsync();

        await _reports.ChangedAsync(machine, Guest(session), Ct);
        await _reports.ChangedAsync(machine, Guest(session), Ct);

        Assert.Equal("active", await _rows.SessionStateAsync(session));
        Assert.Equal("in_use", await _rows.MachineStateAsync(machine));
        Assert.Equal("c1", await _rows.ScalarAsync<string>("select guest_session_id from session where session_id = @id", session.Value));
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.logon"));
    }

    [Fact]
    public async Task Disconnect_and_reconnection_are_the_same_session()
    {
        var (machine, session) = await ReservedAsync();
        await _reports.ChangedAsync(machine, Guest(session), Ct);

        await _reports.ChangedAsync(machine, Guest(session, GuestSessionState.Disconnected), Ct);
        Assert.Equal("disconnected", await _rows.SessionStateAsync(session));
        await _reports.ChangedAsync(machine, Guest(session), Ct);

        Assert.Equal("active", await _rows.SessionStateAsync(session));
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.reconnected"));
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.logon"));
    }

    [Fact]
    public async Task Log_off_reported_twice_refreshes_once_and_the_late_report_touches_nobody_else()
    {
        var (machine, session) = await ReservedAsync();
        await _reports.ChangedAsync(machine, Guest(session), Ct);
        var closed = new SessionClosed { GuestSessionId = "c1", SessionId = session.Value.ToString() };

        await _reports.ClosedAsync(machine, closed, Ct);
        Assert.Equal("refresh stop", await _rows.RunningAsync(machine));
        await RefreshedAsync(machine);
        var next = await _rows.SessionAsync(machine, "pending");
        await _reports.ClosedAsync(machine, closed, Ct);

        Assert.Equal("pending", await _rows.SessionStateAsync(next));
        Assert.Equal("reserved", await _rows.MachineStateAsync(machine));
        Assert.Equal(1, await _rows.AuditsAsync(session.Value, "session.end"));
    }

    [Fact]
    public async Task Agent_cannot_touch_the_session_of_another_machine()
    {
        var (_, session) = await ReservedAsync();
        var (other, own) = await ReservedAsync();

        await _reports.ChangedAsync(other, Guest(session), Ct);
        await _reports.ClosedAsync(other, new SessionClosed { GuestSessionId = "c1", SessionId = session.Value.ToString() }, Ct);
        await _reports.PhaseAsync(other, new PhaseReached { SessionId = session.Value.ToString(), Phase = "desktop", StartedAt = Now, EndedAt = Now }, Ct);

        Assert.Equal("pending", await _rows.SessionStateAsync(session));
        Assert.Equal("pending", await _rows.SessionStateAsync(own));
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::integer from logon_phase where session_id = @id", session.Value));
    }

    [Theory]
    [InlineData("floating", "provisioning", "refresh stop")]
    [InlineData("dedicated", "available", null)]
    [InlineData("manual", "available", null)]
    public async Task Session_around_the_broker_blocks_the_machine_until_it_is_over(string kind, string after, string? operation)
    {
        var machine = await _rows.MachineAsync(kind, "available");

        await _reports.ChangedAsync(machine, new GuestSession { GuestSessionId = "tty1", UserName = "root", State = GuestSessionState.Active }, Ct);
        await _reports.ChangedAsync(machine, new GuestSession { GuestSessionId = "tty1", UserName = "root", State = GuestSessionState.Active }, Ct);
        Assert.Equal("in_use", await _rows.MachineStateAsync(machine));
        Assert.Equal(1, await _rows.AuditsAsync(machine.Value, "session.rogue"));
        await _reports.ClosedAsync(machine, new SessionClosed { GuestSessionId = "tty1" }, Ct);

        Assert.Equal(after, await _rows.MachineStateAsync(machine));
        Assert.Equal(operation, await _rows.RunningAsync(machine));
    }

    [Fact]
    public async Task Snapshot_after_an_outage_ends_what_is_gone_and_keeps_who_is_on_the_way()
    {
        var machine = await _rows.MachineAsync("dedicated", "available");
        var gone = await _rows.SessionAsync(machine, "disconnected", "c1");
        var other = await _rows.MachineAsync("floating", "available");
        var coming = await _rows.SessionAsync(other, "pending");

        await _reports.SnapshotAsync(machine, rebooted: false, [], Ct);
        await _reports.SnapshotAsync(other, rebooted: true, [], Ct);

        Assert.Equal("ended", await _rows.SessionStateAsync(gone));
        Assert.Equal("available", await _rows.MachineStateAsync(machine));
        Assert.Equal("pending", await _rows.SessionStateAsync(coming));
        Assert.Equal("reserved", await _rows.MachineStateAsync(other));
    }

    [Fact]
    public async Task Phases_of_the_first_logon_stay_and_unknown_names_are_dropped()
    {
        var (machine, session) = await ReservedAsync();
        var start = DateTimeOffset.UtcNow.AddSeconds(-20);

        await PhaseAsync("desktop", start, null);
        await PhaseAsync("desktop", start.AddSeconds(5), start.AddSeconds(9));
        await PhaseAsync("desktop", start.AddSeconds(10), start.AddSeconds(19));
        await PhaseAsync("rm -rf", start, start);

        Assert.Equal(1, await _rows.ScalarAsync<int>("select count(*)::integer from logon_phase where session_id = @id", session.Value));
        var row = Assert.Single(await _store.FindAsync([session.Value], PoolScope.Everything, Ct));
        Assert.Equal(9000, row.LogonMilliseconds);

        Task PhaseAsync(string name, DateTimeOffset from, DateTimeOffset? to) => _reports.PhaseAsync(
            machine, new PhaseReached { SessionId = session.Value.ToString(), Phase = name, StartedAt = from.ToTimestamp(), EndedAt = to?.ToTimestamp() }, Ct);
    }

    [Fact]
    public async Task Idle_time_is_written_in_whole_minutes_and_only_when_it_changed()
    {
        var (machine, session) = await ReservedAsync();
        await _reports.ChangedAsync(machine, Guest(session), Ct);

        _reports.Idle(machine, [new IdleTime { GuestSessionId = "c1", Idle = Duration.FromTimeSpan(TimeSpan.FromSeconds(125)) }]);
        await _store.IdleAsync(_idle.Take(500));
        _reports.Idle(machine, [new IdleTime { GuestSessionId = "c1", Idle = Duration.FromTimeSpan(TimeSpan.FromSeconds(170)) }]);

        Assert.Equal(120, await _rows.ScalarAsync<int>("select idle_seconds from session where session_id = @id", session.Value));
        Assert.Empty(_idle.Take(500));
    }

    private static Timestamp Now => DateTimeOffset.UtcNow.ToTimestamp();

    private static GuestSession Guest(SessionId session, GuestSessionState state = GuestSessionState.Active) =>
        new() { GuestSessionId = "c1", UserName = "ana", State = state, SessionId = session.Value.ToString(), LoggedOnAt = Now };

    private async Task<(MachineId Machine, SessionId Session)> ReservedAsync()
    {
        var machine = await _rows.MachineAsync("floating", "available");
        return (machine, await _rows.SessionAsync(machine, "pending"));
    }

    // As provisioning does it: a new overlay counts the generation up.
    private async Task RefreshedAsync(MachineId machine)
    {
        await _rows.ExecuteAsync("update operation set state = 'done' where machine_id = @id", new { id = machine.Value });
        await _rows.ExecuteAsync("update machine set generation = generation + 1, state = 'available' where machine_id = @id", new { id = machine.Value });
    }
}
