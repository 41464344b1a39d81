using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Launching;

public sealed class LaunchPolicyTests
{
    private static readonly MachineId Machine = new(Guid.NewGuid());
    private static readonly SessionId Session = new(Guid.NewGuid());

    private static LaunchFacts Facts() => new() { PoolExists = true, PoolEnabled = true, Entitled = true };

    private static WaitFacts Waiting() => new() { Place = 1, BeingProvisioned = 0, BeingRefreshed = 0, Occupied = 2, Machines = 2, Size = 2 };

    [Fact]
    public void A_free_machine_starts_a_session() =>
        Assert.Equal(new Placement.Start(Session, Machine), LaunchPolicy.Decide(Facts() with { OpenedSession = Session, Machine = Machine }));

    [Theory]
    [InlineData(MachineState.Reserved)]
    [InlineData(MachineState.InUse)]
    public void An_open_session_on_a_reachable_machine_is_joined_again(MachineState state) =>
        Assert.Equal(new Placement.Reconnect(Session, Machine), LaunchPolicy.Decide(Facts() with { OwnSession = Session, Machine = Machine, OwnMachineState = state }));

    [Fact]
    public void An_open_session_is_joined_again_even_when_the_pool_is_disabled() =>
        Assert.IsType<Placement.Reconnect>(LaunchPolicy.Decide(Facts() with { PoolEnabled = false, OwnSession = Session, Machine = Machine, OwnMachineState = MachineState.InUse }));

    [Fact]
    public void A_session_on_a_silent_machine_is_kept_and_no_second_one_is_opened() =>
        Assert.Equal(new Placement.Refuse(RefusalReason.MachineUnreachable),
            LaunchPolicy.Decide(Facts() with { OwnSession = Session, Machine = Machine, OwnMachineState = MachineState.Unreachable }));

    [Fact]
    public void A_session_whose_computer_sleeps_is_waited_for_until_the_person_leaves_or_it_did_not_wake()
    {
        var asleep = Facts() with { OwnSession = Session, Machine = Machine, OwnMachineState = MachineState.Unreachable, OwnComputerSleeps = true, PoolEnabled = false };
        Assert.IsType<Placement.Wait>(LaunchPolicy.Decide(asleep));
        Assert.Equal(new Placement.Refuse(RefusalReason.LeftQueue), LaunchPolicy.Decide(asleep with { LeftQueue = true }));
        Assert.Equal(new Placement.Refuse(RefusalReason.ComputerDidNotWake), LaunchPolicy.Decide(asleep with { OwnComputerDidNotWake = true }));
        Assert.Equal(new Placement.Refuse(RefusalReason.ComputerDidNotWake), LaunchPolicy.Decide(Facts() with { OwnComputerSleeps = true, OwnComputerDidNotWake = true }));
    }

    [Fact]
    public void Whoever_waits_for_a_computer_to_wake_is_told_what_is_left_of_a_usual_wake()
    {
        Assert.Equal(new WaitNotice(RefusalReason.WaitingForWake, 1, TimeSpan.FromSeconds(25)), LaunchPolicy.Explain(Waiting() with { OwnWake = TimeSpan.FromSeconds(15), TypicalStart = TimeSpan.FromSeconds(40) }));
        Assert.Equal(new WaitNotice(RefusalReason.WaitingForWake, 1, null), LaunchPolicy.Explain(Waiting() with { OwnWake = TimeSpan.Zero }));
        Assert.Equal(new WaitNotice(RefusalReason.WaitingForWake, 1, TimeSpan.FromSeconds(10)), LaunchPolicy.Explain(Waiting() with { BeingWoken = 1, TypicalStart = TimeSpan.FromSeconds(40), StartAges = [TimeSpan.FromSeconds(30)] }));
        Assert.Equal(RefusalReason.ComputerDidNotWake, LaunchPolicy.Explain(Waiting() with { SomeDidNotWake = true, Occupied = 0 }).Reason);
        Assert.Equal(RefusalReason.PoolFull, LaunchPolicy.Explain(Waiting() with { SomeDidNotWake = true }).Reason);
    }

    [Fact]
    public void Nobody_reconnects_to_a_pool_they_are_no_longer_entitled_to() =>
        Assert.Equal(new Placement.Refuse(RefusalReason.NotEntitled),
            LaunchPolicy.Decide(Facts() with { Entitled = false, OwnSession = Session, Machine = Machine, OwnMachineState = MachineState.InUse }));

    [Fact]
    public void A_pool_that_is_not_there_is_named_so() =>
        Assert.Equal(new Placement.Refuse(RefusalReason.PoolUnknown), LaunchPolicy.Decide(Facts() with { PoolExists = false }));

    [Fact]
    public void A_disabled_pool_opens_nothing_new() =>
        Assert.Equal(new Placement.Refuse(RefusalReason.PoolDisabled), LaunchPolicy.Decide(Facts() with { PoolEnabled = false }));

    [Fact]
    public void A_request_whose_session_is_over_is_not_repeated() =>
        Assert.Equal(new Placement.Refuse(RefusalReason.SessionEnded), LaunchPolicy.Decide(Facts() with { RequestAlreadyEnded = true }));

    [Fact]
    public void Nothing_free_means_waiting() => Assert.IsType<Placement.Wait>(LaunchPolicy.Decide(Facts()));

    [Fact]
    public void A_full_pool_says_so_and_gives_no_time_that_nobody_can_know() =>
        Assert.Equal(new WaitNotice(RefusalReason.PoolFull, 1, null), LaunchPolicy.Explain(Waiting()));

    [Fact]
    public void The_next_person_is_told_what_is_left_of_a_typical_start() =>
        Assert.Equal(new WaitNotice(RefusalReason.WaitingForRefresh, 1, TimeSpan.FromSeconds(20)),
            LaunchPolicy.Explain(Waiting() with { BeingRefreshed = 1, TypicalStart = TimeSpan.FromSeconds(30), StartAges = [TimeSpan.FromSeconds(10)] }));

    [Fact]
    public void A_start_that_takes_longer_than_usual_is_expected_any_moment_not_in_the_past() =>
        Assert.Equal(TimeSpan.FromSeconds(1), LaunchPolicy.Explain(
            Waiting() with { BeingProvisioned = 1, TypicalStart = TimeSpan.FromSeconds(30), StartAges = [TimeSpan.FromSeconds(90)] }).Estimate);

    [Fact]
    public void Each_place_waits_for_the_start_of_its_own_number()
    {
        var facts = Waiting() with { BeingProvisioned = 2, TypicalStart = TimeSpan.FromSeconds(30), StartAges = [TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(10)] };
        Assert.Equal([5, 20], new[] { 1, 2 }.Select(place => LaunchPolicy.Explain(facts with { Place = place }).Estimate!.Value.TotalSeconds));
        Assert.Null(LaunchPolicy.Explain(facts with { Place = 3 }).Estimate);   // the pool may make no third
    }

    [Fact]
    public void Beyond_the_starts_under_way_the_estimate_is_as_many_turns_as_the_hosts_need()
    {
        var facts = Waiting() with { Size = 100, Machines = 50, TypicalStart = TimeSpan.FromSeconds(20), StartsAtOnce = 10 };
        Assert.Equal([20, 20, 40, 100], new[] { 1, 10, 11, 50 }.Select(place => LaunchPolicy.Explain(facts with { Place = place }).Estimate!.Value.TotalSeconds));
        Assert.Null(LaunchPolicy.Explain(facts with { Place = 51 }).Estimate);
    }

    [Fact]
    public void Throttled_creation_is_not_a_full_pool_and_has_a_time()
    {
        var facts = Waiting() with { Size = 10, TypicalStart = TimeSpan.FromSeconds(20), HeldFor = TimeSpan.FromSeconds(60) };
        Assert.Equal(new WaitNotice(RefusalReason.CreationThrottled, 1, TimeSpan.FromSeconds(80)), LaunchPolicy.Explain(facts));
        Assert.Equal(RefusalReason.WaitingForRefresh, LaunchPolicy.Explain(facts with { BeingRefreshed = 1 }).Reason);
    }

    [Fact]
    public void Trouble_is_named_before_anything_else() =>
        Assert.Equal(RefusalReason.StorageFull, LaunchPolicy.Explain(Waiting() with { BeingProvisioned = 1, Trouble = RefusalReason.StorageFull }).Reason);
}
