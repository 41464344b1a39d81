using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Rollouts;

public sealed class RolloutPlanTests
{
    private static readonly Probe Good = new Probe.Passed(TimeSpan.FromSeconds(4));

    private static RolloutMachine Old(MachineState state = MachineState.Available) =>
        new(new(Guid.NewGuid()), state, OnNew: false) { Occupied = state is MachineState.InUse };

    private static RolloutMachine New(MachineState state = MachineState.Available) =>
        new(new(Guid.NewGuid()), state, OnNew: true) { Occupied = state is MachineState.InUse };

    private static RolloutMachine Canary(Probe? probe = null) => New(MachineState.Reserved) with { Canary = true, Probe = probe ?? new Probe.None() };

    private static RolloutFacts Facts(RolloutState state, params RolloutMachine[] machines) => new(state, 1, 25, 0, machines);

    [Fact]
    public void The_first_canary_is_a_free_machine()
    {
        var free = Old();
        Assert.Equal([free.Machine], RolloutPlan.Decide(Facts(RolloutState.Canary, Old(MachineState.InUse), free)).NewCanaries);
    }

    [Fact]
    public void No_canary_is_taken_below_the_minimum_of_ready_machines_and_it_says_so()
    {
        var step = RolloutPlan.Decide(Facts(RolloutState.Canary, Old(), Old()) with { KeepReady = 2 });
        Assert.Empty(step.NewCanaries);
        Assert.Equal(RefusalReason.RolloutKeepsReady, step.Waiting);
        Assert.Single(RolloutPlan.Decide(Facts(RolloutState.Canary, Old(), Old()) with { KeepReady = 1 }).NewCanaries);
    }

    [Fact]
    public void Personal_and_drained_machines_are_no_canaries() =>
        Assert.Empty(RolloutPlan.Decide(Facts(RolloutState.Canary, Old() with { Assigned = true }, Old() with { Draining = true })).NewCanaries);

    [Fact]
    public void A_canary_that_is_up_is_logged_on_to()
    {
        var canary = Canary();
        var step = RolloutPlan.Decide(Facts(RolloutState.Canary, canary, Old()));
        Assert.Equal(RolloutState.Proving, step.Next);
        Assert.Equal([canary.Machine], step.Ask);
        Assert.Empty(step.Refresh);
    }

    [Fact]
    public void Without_a_gateway_it_waits_and_says_so() =>
        Assert.Equal(RefusalReason.RolloutNoGateway, RolloutPlan.Decide(Facts(RolloutState.Proving, Canary()) with { GatewayThere = false }).Waiting);

    [Fact]
    public void A_canary_that_was_logged_on_to_is_made_fresh_before_the_waves_begin()
    {
        var used = Canary(Good) with { Used = true };
        var step = RolloutPlan.Decide(Facts(RolloutState.Proving, used, Old()));
        Assert.Equal([used.Machine], step.Refresh);
        Assert.Null(step.Next);
        Assert.Equal(RolloutState.Waves, RolloutPlan.Decide(Facts(RolloutState.Proving, used with { State = MachineState.Provisioning }, Old())).Next);
    }

    [Fact]
    public void All_canaries_have_to_pass() =>
        Assert.Null(RolloutPlan.Decide(Facts(RolloutState.Proving, Canary(Good), Canary(new Probe.Running())) with { Canaries = 2 }).Next);

    public static TheoryData<RolloutMachine, RefusalReason> Bad() => new()
    {
        { Canary() with { State = MachineState.Provisioning, Failure = new(RefusalReason.AgentSilent, "") }, RefusalReason.AgentSilent },
        { Canary(new Probe.Failed(RefusalReason.MachineSignInRefused)), RefusalReason.MachineSignInRefused },
        { Canary(new Probe.None(RolloutPlan.MostLost)), RefusalReason.RolloutProbeLost },
        { Canary(new Probe.Passed(TimeSpan.FromSeconds(9))), RefusalReason.RolloutTooSlow },
    };

    [Theory, MemberData(nameof(Bad))]
    public void A_bad_canary_stops_the_roll_out_and_sends_it_back(RolloutMachine canary, RefusalReason reason)
    {
        var step = RolloutPlan.Decide(Facts(RolloutState.Proving, canary, Old()) with { OldLogOn = TimeSpan.FromSeconds(4) });
        Assert.Equal((RolloutState.RollingBack, reason), (step.Next, step.Halt?.Reason));
    }

    [Fact]
    public void A_log_on_within_what_is_allowed_passes_and_so_does_one_with_nothing_to_compare_with()
    {
        var slower = Canary(new Probe.Passed(TimeSpan.FromSeconds(6.9)));
        Assert.Equal(RolloutState.Waves, RolloutPlan.Decide(Facts(RolloutState.Proving, slower) with { OldLogOn = TimeSpan.FromSeconds(4) }).Next);
        Assert.Equal(RolloutState.Waves, RolloutPlan.Decide(Facts(RolloutState.Proving, Canary(new Probe.Passed(TimeSpan.FromMinutes(5))))).Next);
    }

    [Fact]
    public void A_canary_that_was_removed_by_hand_is_replaced()
    {
        var step = RolloutPlan.Decide(Facts(RolloutState.Proving, Old(), Old()));
        Assert.Equal(RolloutState.Canary, step.Next);
        Assert.Single(step.NewCanaries);
    }

    [Fact]
    public void A_wave_is_no_larger_than_its_share()
    {
        var machines = Enumerable.Range(0, 20).Select(_ => Old()).ToArray();
        Assert.Equal(5, RolloutPlan.Decide(Facts(RolloutState.Waves, machines)).Refresh.Count);
        Assert.Equal(3, RolloutPlan.Decide(Facts(RolloutState.Waves, [.. machines[2..], New(MachineState.Provisioning), New(MachineState.Provisioning)])).Refresh.Count);
    }

    [Fact]
    public void Used_machines_wait_for_log_off_and_it_says_so()
    {
        var step = RolloutPlan.Decide(Facts(RolloutState.Waves, New(), Old(MachineState.InUse)));
        Assert.Empty(step.Refresh);
        Assert.Equal(RefusalReason.RolloutWaitsForLogOff, step.Waiting);
    }

    [Fact]
    public void At_the_deadline_only_sessions_on_the_old_version_are_ended()
    {
        var (before, after) = (Old(MachineState.InUse), New(MachineState.InUse));
        var facts = Facts(RolloutState.Waves, before, after, Old(MachineState.InUse) with { Assigned = true });
        Assert.True(RolloutPlan.Decide(facts with { Force = ForceStage.Warn }) is { Warn: true, Force.Count: 0 });
        Assert.Equal([before.Machine], RolloutPlan.Decide(facts with { Force = ForceStage.Due }).Force);
    }

    [Fact]
    public void It_is_done_when_every_machine_but_personal_ones_is_new_and_up()
    {
        Assert.Equal(RolloutState.Done, RolloutPlan.Decide(Facts(RolloutState.Waves, New(), New(MachineState.InUse), Old() with { Assigned = true })).Next);
        Assert.Null(RolloutPlan.Decide(Facts(RolloutState.Waves, New(), New(MachineState.Provisioning))).Next);
    }

    [Fact]
    public void A_machine_that_cannot_be_made_in_a_wave_sends_everything_back() =>
        Assert.Equal(RolloutState.RollingBack, RolloutPlan.Decide(Facts(RolloutState.Waves, New(), New(MachineState.Faulted) with { Failure = new(RefusalReason.ProvisioningFailed, "") })).Next);

    [Fact]
    public void Going_back_canaries_go_first_and_ready_machines_keep_to_the_minimum()
    {
        var canary = Canary();
        var step = RolloutPlan.Decide(Facts(RolloutState.RollingBack, canary, New()) with { KeepReady = 1 });
        Assert.Equal([canary.Machine], step.Refresh);
        Assert.Equal(RolloutState.RolledBack, RolloutPlan.Decide(Facts(RolloutState.RollingBack, Old(), New() with { Assigned = true })).Next);
    }

    [Fact]
    public void A_roll_out_that_an_administrator_halted_changes_nothing()
    {
        var step = RolloutPlan.Decide(Facts(RolloutState.Halted, Canary(), Old(), New()));
        Assert.True(step is { Next: null, Refresh.Count: 0, NewCanaries.Count: 0, Ask.Count: 0 });
    }

    [Fact]
    public void Shared_machines_in_use_are_emptied_a_wave_at_a_time_and_the_minimum_keeps_taking_people()
    {
        var machines = Enumerable.Range(0, 4).Select(n => Old(MachineState.InUse) with { FreeSeats = n }).ToArray();
        Assert.Equal([machines[0].Machine], RolloutPlan.Decide(Facts(RolloutState.Waves, machines)).Empty);
        Assert.Equal([machines[0].Machine, machines[3].Machine], RolloutPlan.Decide(Facts(RolloutState.Waves, machines) with { WavePercent = 100, KeepReady = 2 }).Empty);
        Assert.Empty(RolloutPlan.Decide(Facts(RolloutState.Waves, [machines[0] with { Draining = true, Emptying = true }, .. machines[1..]])).Empty);
        Assert.Empty(RolloutPlan.Decide(Facts(RolloutState.Waves, Old(MachineState.InUse), Old(MachineState.InUse))).Empty);
    }
}
