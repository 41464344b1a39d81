using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Rollouts;

/// <summary>Thousands of roll-outs with people who come and go, images that fail in different ways and gateways that get lost.</summary>
public sealed class RolloutModelTests
{
    private const int Runs = 1000;
    private const int MostSteps = 2000;
    private const int PeopleLeaveAfter = 400;

    [Fact]
    public void Every_roll_out_ends_and_the_minimum_of_ready_machines_is_never_broken_by_it()
    {
        for (var seed = 1; seed <= Runs; seed++) new Model(seed).Run();
    }

    private sealed class Model(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly List<RolloutMachine> _machines = [];
        private RolloutFacts _facts = null!;
        private bool _boots;
        private bool _logsOn;

        public void Run()
        {
            var size = _random.Next(1, 30);
            (_boots, _logsOn) = (_random.Next(4) > 0, _random.Next(4) > 0);
            for (var i = 0; i < size; i++)
                _machines.Add(new(new(Guid.NewGuid()), MachineState.Available, OnNew: false) { Assigned = _random.Next(15) == 0, Draining = _random.Next(15) == 0 });
            _facts = new(RolloutState.Canary, _random.Next(1, 4), _random.Next(1, 101), _random.Next(0, size), []) { OldLogOn = TimeSpan.FromSeconds(3) };
            // Enough machines for somebody to be spared: otherwise it waits for an administrator, rightly.
            if (_facts.KeepReady >= _machines.Count(m => m.Ready)) _facts = _facts with { KeepReady = Math.Max(0, _machines.Count(m => m.Ready) - 1) };
            if (!_machines.Any(m => m.Ready) && _machines.Any(m => !m.Assigned)) return;   // all drained by hand
            for (var at = 0; _facts.State.IsOpen(); at++)
            {
                Assert.True(at < MostSteps, $"seed {seed}: still {_facts.State} after {MostSteps} steps");
                if (at < PeopleLeaveAfter && _random.Next(60) == 0) Halt();
                Step();
                World(at);
            }
            Assert.All(_machines.Where(m => !m.Assigned), m => Assert.True(m.OnNew == (_facts.State == RolloutState.Done) && !m.Canary, $"seed {seed}: {m} after {_facts.State}"));
            if (!_boots || !_logsOn) Assert.True(_facts.State == RolloutState.RolledBack || _machines.All(m => m.Assigned), $"seed {seed}: a bad image was {_facts.State}");
        }

        // An administrator stops it for a while, in which machines go on being made, and lets it go on.
        private void Halt()
        {
            if (_facts.State is not (RolloutState.Canary or RolloutState.Proving or RolloutState.Waves)) return;
            var to = _facts.State == RolloutState.Waves ? RolloutState.Waves : RolloutState.Canary;
            _facts = _facts with { State = RolloutState.Halted };
            for (var i = 0; i < _machines.Count; i++)
                if (_machines[i] is { State: MachineState.Provisioning, OnNew: true, Assigned: false } && _random.Next(2) == 0) _machines[i] = _machines[i] with { OnNew = false };   // it had not begun
            for (var still = _random.Next(10); still > 0; still--)
            {
                Assert.Equivalent(new RolloutStep(), RolloutPlan.Decide(_facts with { Machines = [.. _machines] }));
                World(0);
            }
            Assert.True(_facts.State.CanBecome(to));
            _facts = _facts with { State = to };
        }

        private void Step()
        {
            _facts = _facts with { Machines = [.. _machines], Force = _random.Next(50) == 0 ? ForceStage.Due : ForceStage.None };
            var step = RolloutPlan.Decide(_facts);
            var ready = _machines.Count(m => m.Ready);
            foreach (var id in step.NewCanaries) Change(id, m => m with { Canary = true, State = MachineState.Provisioning, OnNew = true });
            foreach (var id in step.Refresh) Change(id, Fresh);
            foreach (var id in step.Ask) Change(id, m => m with { Probe = new Probe.Running() });
            foreach (var id in step.Force) Change(id, m => Fresh(m with { Occupied = false }));
            if (step.NewCanaries.Count + step.Refresh.Count > 0 && _machines.Count(m => m.Ready) < ready)
                Assert.True(_machines.Count(m => m.Ready) >= _facts.KeepReady, $"seed {seed}: {_machines.Count(m => m.Ready)} ready of {_facts.KeepReady} in {_facts.State}");
            if (step.Next is not { } next) return;
            Assert.True(_facts.State.CanBecome(next), $"seed {seed}: {_facts.State} to {next}");
            _facts = _facts with { State = next };
            if (next == RolloutState.Waves)
                for (var i = 0; i < _machines.Count; i++)
                    if (_machines[i] is { Canary: true } canary)
                        _machines[i] = canary with { Canary = false, State = canary is { State: MachineState.Reserved, Occupied: false } ? MachineState.Available : canary.State };
        }

        // What the tables do: the next overlay is of the version that the state of the roll-out wants.
        private RolloutMachine Fresh(RolloutMachine m) => m with
        {
            State = MachineState.Provisioning, Used = false, Failure = null, Canary = m.Canary && _facts.State != RolloutState.RollingBack,
            OnNew = _facts.State is RolloutState.Waves or RolloutState.Done || (m.Canary && _facts.State is RolloutState.Canary or RolloutState.Proving),
        };

        private void World(int at)
        {
            for (var i = 0; i < _machines.Count; i++) _machines[i] = Live(_machines[i], at);
        }

        private RolloutMachine Live(RolloutMachine m, int at)
        {
            Assert.False(m.Canary && m.State == MachineState.Available, $"seed {seed}: a canary was offered");
            switch (m)
            {
                case { State: MachineState.Provisioning, OnNew: true } when !_boots && _random.Next(5) == 0:
                    return _random.Next(2) == 0 ? m with { State = MachineState.Faulted, Failure = new(RefusalReason.ProvisioningFailed, "") } : m with { Failure = new(RefusalReason.AgentSilent, "") };
                case { State: MachineState.Provisioning } when (_boots || !m.OnNew) && _random.Next(3) == 0:
                    return m with { State = m.Canary ? MachineState.Reserved : MachineState.Available };
                case { Canary: true, Probe: Probe.Running, State: MachineState.Reserved } when _random.Next(3) == 0:
                    if (_random.Next(10) == 0) return m with { Probe = new Probe.None(), Used = true };
                    return m with { Probe = _logsOn ? new Probe.Passed(TimeSpan.FromSeconds(3)) : new Probe.Failed(RefusalReason.MachineDidNotAnswer), Used = true };
                case { State: MachineState.Available, Assigned: false, Draining: false } when at < PeopleLeaveAfter && _random.Next(12) == 0:
                    return m with { State = MachineState.InUse, Occupied = true };
                case { State: MachineState.InUse } when at >= PeopleLeaveAfter || _random.Next(20) == 0:
                    return Fresh(m with { Occupied = false });
                default:
                    return m;
            }
        }

        private void Change(MachineId id, Func<RolloutMachine, RolloutMachine> to)
        {
            var at = _machines.FindIndex(m => m.Machine == id);
            _machines[at] = to(_machines[at]);
        }
    }
}
