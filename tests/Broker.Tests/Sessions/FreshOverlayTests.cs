using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Sessions;

/// <summary>
/// Invariant 2 under any order of events: launches, reports that come twice or late, outages, reboots, sessions around
/// the broker, and the steps of provisioning. A failing seed can be run again by itself.
/// </summary>
public sealed class FreshOverlayTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Events = 500;
    private static readonly string[] Steps = ["stop", "overlay", "define", "start", "await_agent"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(13)]
    [InlineData(21)]
    [InlineData(34)]
    public async Task Floating_machine_is_never_offered_twice_on_one_overlay(int seed)
    {
        var world = new World(database, seed);
        await world.BeginAsync();
        for (var i = 0; i < Events; i++)
        {
            var what = await world.StepAsync();
            await world.CheckAsync($"seed {seed}, event {i}: {what}");
        }
        Assert.True(world.Launches >= 3, $"seed {seed} launched only {world.Launches} times");
    }

    private sealed class World(TestDatabase database, int seed)
    {
        private readonly Random _chance = new(seed);
        private readonly Arrange _rows = new(database.DataSource);
        private readonly AgentStore _agents = new(database.DataSource);
        private readonly SessionStore _sessions = new(database.DataSource);
        private readonly Guid _node = Guid.NewGuid();
        private readonly List<SessionId> _known = [];
        private EndSession _end = null!;
        private GuestReports _reports = null!;
        private MachineId _machine;
        private int _boot;
        private int _usedGeneration;

        public int Launches { get; private set; }

        public async Task BeginAsync()
        {
            _end = new(_sessions, TimeProvider.System, NullLogger<EndSession>.Instance);
            _reports = new(_sessions, _end, CardLockTests.Locks(database.DataSource, _sessions), ApplicationsBesideTests.Programs(database.DataSource), new IdleReports(), TimeProvider.System, NullLogger<GuestReports>.Instance);
            _machine = await _rows.MachineAsync("floating", "available");
            await HelloAsync();
        }

        public async Task<string> StepAsync()
        {
            var session = _known.Count == 0 ? new SessionId(Guid.NewGuid()) : _known[Math.Max(0, _known.Count - 1 - _chance.Next(3))];
            var guest = $"c{_chance.Next(2)}";
            switch (_chance.Next(48))
            {
                case 0 or 1: await LaunchAsync(); return "launch";
                case 2 or 3: await _reports.ChangedAsync(_machine, Guest(guest, session, GuestSessionState.Active), default); return "active";
                case 4: await _reports.ChangedAsync(_machine, Guest(guest, session, GuestSessionState.Disconnected), default); return "disconnected";
                case 5: await _reports.ClosedAsync(_machine, new SessionClosed { GuestSessionId = guest, SessionId = session.Value.ToString() }, default); return "closed";
                case 6: await _reports.SnapshotAsync(_machine, _chance.Next(2) == 0, [], default); return "empty snapshot";
                case 7: await _reports.SnapshotAsync(_machine, false, [Guest(guest, session, GuestSessionState.Active)], default); return "snapshot";
                case 8: await _agents.SilenceAsync([_machine], _node, TimeSpan.Zero); return "silence";
                case 9: await HelloAsync(); return "hello";
                case 10: await _reports.ChangedAsync(_machine, new GuestSession { GuestSessionId = "tty1", UserName = "root", State = GuestSessionState.Active }, default); return "rogue";
                case 11: await _reports.ClosedAsync(_machine, new SessionClosed { GuestSessionId = "tty1" }, default); return "rogue closed";
                case 12: await _end.RunAsync(new(session, SessionEnd.NeverLoggedOn, "broker") { OnlyPending = true }); return "never logged on";
                case 13: await RestartAsync(); return "restart";
                case < 26: await LaunchAsync(); return "launch";
                default: await ProvisionAsync(); return "provisioning";
            }
        }

        public async Task CheckAsync(string when)
        {
            var state = await _rows.MachineStateAsync(_machine);
            var open = await _rows.ScalarAsync<int>("select count(*)::integer from session where machine_id = @id and state <> 'ended'", _machine.Value);
            Assert.False(state == "available" && open > 0, $"{when}: offered although somebody has it");
            Assert.False(state == "available" && await GenerationAsync() == _usedGeneration, $"{when}: offered on a used overlay");
            var running = await _rows.ScalarAsync<int>("select count(*)::integer from operation where machine_id = @id and state = 'running'", _machine.Value);
            Assert.False(state == "provisioning" && running == 0, $"{when}: being provisioned by nobody");
        }

        private async Task LaunchAsync()
        {
            if (await _rows.MachineStateAsync(_machine) != "available") return;
            var generation = await GenerationAsync();
            Assert.NotEqual(_usedGeneration, generation);
            _usedGeneration = generation;
            _known.Add(await _rows.SessionAsync(_machine, "pending"));
            Launches++;
        }

        private Task HelloAsync()
        {
            if (_chance.Next(3) == 0) _boot++;
            return _agents.GreetAsync(_machine, _node, new Hello { BootId = $"boot {_boot}" }, new(Guid.NewGuid()));
        }

        private async Task RestartAsync()
        {
            await _rows.ExecuteAsync(
                """
                with stopped as (
                       update machine
                          set state = 'provisioning'
                        where machine_id = @id
                          and state in ('available', 'reserved', 'in_use', 'unreachable')
                          and not exists (select from operation where machine_id = @id and state = 'running')
                    returning machine_id
                )
                insert into operation (operation_id, kind, machine_id, step, state)
                     select gen_random_uuid(), 'restart', machine_id, 'stop', 'running'
                       from stopped
                """, new { id = _machine.Value });
        }

        private async Task ProvisionAsync()
        {
            if (await _rows.RunningAsync(_machine) is not { } running) return;
            var (kind, step) = (running.Split(' ')[0], running.Split(' ')[1]);
            if (step == "await_agent")
            {
                await HelloAsync();
                return;
            }
            var next = kind == "restart" ? (step == "stop" ? "start" : "await_agent") : Steps[Array.IndexOf(Steps, step) + 1];
            await _rows.ExecuteAsync("update operation set step = @next where machine_id = @id and state = 'running'", new { id = _machine.Value, next });
            if (next == "overlay") await _rows.ExecuteAsync("update machine set generation = generation + 1 where machine_id = @id", new { id = _machine.Value });
        }

        private Task<int> GenerationAsync() => _rows.ScalarAsync<int>("select generation from machine where machine_id = @id", _machine.Value);

        private static GuestSession Guest(string id, SessionId session, GuestSessionState state) =>
            new() { GuestSessionId = id, UserName = "ana", SessionId = session.Value.ToString(), State = state };
    }
}
