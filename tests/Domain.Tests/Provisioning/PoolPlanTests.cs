using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Provisioning;

public sealed class PoolPlanTests
{
    private static PoolMember Member(int ordinal, MachineState state, bool assigned = false, bool current = true) => new(new(Guid.NewGuid()), ordinal, state, assigned, current);

    private static PoolTarget Full(int maximum) => new(maximum, Spare.Everything, 0, TimeSpan.FromMinutes(10));

    private static PoolTarget Elastic(int maximum, int spare, int waiting = 0) => new(maximum, Spare.Machines(spare), waiting, TimeSpan.FromMinutes(10));

    private static PoolMember Unused(int ordinal, int minutes) => Member(ordinal, MachineState.Available) with { StateAge = TimeSpan.FromMinutes(minutes) };

    [Fact]
    public void A_pool_with_a_spare_of_two_starts_with_two_machines() => Assert.Equal([1, 2], PoolPlan.Compare(Elastic(50, 2), []).Create);

    [Fact]
    public void A_machine_that_somebody_takes_is_replaced_in_the_spare()
    {
        Assert.Equal([3], PoolPlan.Compare(Elastic(50, 2), [Member(1, MachineState.InUse), Member(2, MachineState.Available)]).Create);
        Assert.Empty(PoolPlan.Compare(Elastic(2, 2), [Member(1, MachineState.InUse), Member(2, MachineState.Available)]).Create);
    }

    [Theory]
    [InlineData(MachineState.Faulted, false, false)]
    [InlineData(MachineState.Unreachable, false, false)]
    [InlineData(MachineState.Available, true, false)]
    [InlineData(MachineState.Available, false, true)]
    public void What_cannot_serve_the_next_person_is_no_spare(MachineState state, bool assigned, bool draining) =>
        Assert.Equal([2], PoolPlan.Compare(Elastic(50, 1), [Member(1, state, assigned) with { Draining = draining }]).Create);

    [Fact]
    public void Each_person_in_the_queue_gets_a_machine_beyond_the_spare_and_never_beyond_the_maximum()
    {
        Assert.Equal(5, PoolPlan.Compare(Elastic(50, 1, waiting: 5), []).Create.Count);
        Assert.Equal(3, PoolPlan.Compare(Elastic(3, 1, waiting: 5), []).Create.Count);
        Assert.Equal(4, PoolPlan.Compare(Elastic(50, 1, waiting: 5), [Member(1, MachineState.Provisioning)]).Create.Count);
    }

    [Fact]
    public void A_machine_beyond_the_spare_goes_only_when_nobody_has_needed_it_for_long()
    {
        Assert.True(PoolPlan.Compare(Elastic(50, 1), [Unused(1, 9), Unused(2, 9), Unused(3, 9)]).Nothing);
        var (first, second, third) = (Unused(1, 11), Unused(2, 11), Unused(3, 9));
        Assert.Equal([second.Machine, first.Machine], PoolPlan.Compare(Elastic(50, 1), [first, second, third]).Remove);
    }

    [Fact]
    public void Beyond_the_maximum_machines_go_at_once() =>
        Assert.Single(PoolPlan.Compare(Elastic(2, 1), [Unused(1, 0), Unused(2, 0), Member(3, MachineState.InUse)]).Remove);

    [Fact]
    public void Free_machines_of_a_host_that_is_let_go_of_are_made_anew_elsewhere_and_used_ones_stay()
    {
        var (free, used, other) = (Unused(1, 0) with { Leaving = true, Draining = true }, Member(2, MachineState.InUse) with { Leaving = true, Draining = true }, Unused(3, 0));
        var change = PoolPlan.Compare(Full(3), [free, used, other]);
        Assert.Equal([free.Machine], change.Remove);
        Assert.Equal([4], change.Create);
    }

    [Fact]
    public void A_share_is_rounded_up_and_counts_from_the_maximum()
    {
        Assert.Equal((1, 5, 0, 5), (Spare.Percent(10).Of(5), Spare.Percent(10).Of(50), Spare.Percent(0).Of(50), Spare.Percent(100).Of(5)));
        Assert.Equal((7, 3), (Spare.Everything.Of(7), Spare.Machines(9).Of(3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Spare.Percent(101));
        Assert.Throws<ArgumentOutOfRangeException>(() => Spare.Machines(-1));
    }

    // The short way through counts alone must say what the long way says.
    [Fact]
    public void Counting_alone_comes_to_the_same_change_as_looking_at_each_machine()
    {
        var random = new Random(20261127);
        var counted = 0;
        for (var run = 0; run < 20_000; run++)
        {
            var calm = random.Next(2) == 0;   // what a quiet pool consists of: else nearly every mixture has something special in it
            var members = Enumerable.Range(1, random.Next(12)).Select(n => Member(n + random.Next(2), calm ? (MachineState)random.Next(4) : (MachineState)random.Next(8), !calm && random.Next(5) == 0) with
            {
                Draining = random.Next(6) == 0, StateAge = TimeSpan.FromMinutes(random.Next(20)), People = random.Next(4), Leaving = !calm && random.Next(9) == 0, CurrentImage = calm || random.Next(6) > 0,
            }).ToList();
            var target = Elastic(random.Next(12), random.Next(6), random.Next(6)) with { Spare = random.Next(3) switch { 0 => Spare.Everything, 1 => Spare.Machines(random.Next(6)), _ => Spare.Percent(random.Next(101)) }, Idle = (IdleAction)random.Next(3) };
            if (!PoolStanding.Of(target, null, members).Special) counted++;
            Assert.Equal(Told(PoolPlan.CompareEach(target, members)), Told(PoolPlan.Compare(target, members)));
            Assert.Equal(Told(SharedPoolPlan.CompareEach(target, 3, members)), Told(PoolPlan.Compare(target, 3, members)));
        }
        Assert.InRange(counted, 5_000, 19_000);

        static string Told(PoolChange change) => $"{string.Join(',', change.Create)} {string.Join(',', change.Remove)} {string.Join(',', change.Refresh)} {string.Join(',', change.Wake)} {string.Join(',', change.Sleep)}";
    }

    // Whatever the mixture: never beyond the maximum, never a removal that cuts into the spare, never somebody's machine.
    [Fact]
    public void No_mixture_of_machines_breaks_the_promises()
    {
        var random = new Random(20261126);
        for (var run = 0; run < 5_000; run++)
        {
            var members = Enumerable.Range(1, random.Next(12)).Select(n => Member(n, (MachineState)random.Next(8), random.Next(5) == 0) with { OwnerExpected = random.Next(3) == 0, Draining = random.Next(6) == 0, StateAge = TimeSpan.FromMinutes(random.Next(20)) }).ToList();
            var target = Elastic(random.Next(12), random.Next(6), random.Next(6)) with { Spare = random.Next(3) switch { 0 => Spare.Everything, 1 => Spare.Machines(random.Next(6)), _ => Spare.Percent(random.Next(101)) }, Idle = (IdleAction)random.Next(3) };
            var change = PoolPlan.Compare(target, members);
            var kept = members.Where(m => m.State != MachineState.Deleting).ToList();
            var removed = members.Where(m => change.Remove.Contains(m.Machine)).ToList();
            Assert.True(change.Create.Count == 0 || kept.Count + change.Create.Count <= target.Maximum, $"run {run}");
            Assert.True(change.Create.Count == 0 || removed.Count == 0, $"run {run}");
            Assert.DoesNotContain(removed, m => m.Assigned || m.State is MachineState.InUse or MachineState.Reserved or MachineState.Unreachable or MachineState.Deleting);
            var free = kept.Count(m => !m.Assigned && !m.Draining && m.State is MachineState.Available or MachineState.Provisioning);
            var freeRemoved = removed.Count(m => !m.Draining && m.State is MachineState.Available or MachineState.Provisioning);
            if (kept.Count <= target.Maximum) Assert.True(freeRemoved == 0 || free - freeRemoved >= Math.Max(target.Spare.Of(target.Maximum), target.Waiting) , $"run {run}");
            var slept = members.Where(m => change.Sleep.Contains(m.Machine)).ToList();
            Assert.All(slept, m => Assert.True(m.State == MachineState.Available && m.StateAge >= target.ShrinkAfter && !(m.Assigned && m.OwnerExpected)));
            var sleptFree = slept.Count(m => !m.Assigned);
            Assert.True(sleptFree == 0 || free - sleptFree - freeRemoved >= Math.Max(target.Spare.Of(target.Maximum), target.Waiting), $"run {run}");
            Assert.All(members.Where(m => change.Wake.Contains(m.Machine)), m => Assert.Equal(MachineState.Asleep, m.State));
            Assert.Empty(change.Wake.Intersect(change.Remove));
            Assert.True(change.Create.Count == 0 || !members.Exists(m => m is { State: MachineState.Asleep, Assigned: false, Draining: false } && !change.Wake.Contains(m.Machine)), $"run {run}");
            Assert.Equal(change.Create.Count, change.Create.Except(members.Select(m => m.Ordinal)).Distinct().Count());
        }
    }

    [Fact]
    public void Sleeping_machines_are_woken_before_new_ones_are_made()
    {
        var (first, second) = (Member(1, MachineState.Asleep), Member(2, MachineState.Asleep));
        Assert.Equal([first.Machine], PoolPlan.Compare(Elastic(5, 1), [second, first]).Wake);
        var change = PoolPlan.Compare(Elastic(5, 3), [first, second]);
        Assert.Equal([first.Machine, second.Machine], change.Wake);
        Assert.Equal([3], change.Create);
    }

    [Fact]
    public void A_schedule_puts_unused_machines_to_sleep_and_never_the_spare_or_one_whose_owner_is_expected()
    {
        var (own, expected) = (Unused(4, 11) with { Assigned = true }, Unused(5, 11) with { Assigned = true, OwnerExpected = true });
        var change = PoolPlan.Compare(Elastic(50, 1) with { Idle = IdleAction.ShutDown }, [Unused(1, 11), Unused(2, 11), Unused(3, 9), own, expected]);
        Assert.Empty(change.Remove);
        Assert.Equal(3, change.Sleep.Count);
        Assert.Contains(own.Machine, change.Sleep);
        Assert.True(PoolPlan.Compare(Elastic(50, 1) with { Idle = IdleAction.Keep }, [Unused(1, 11), Unused(2, 11), own]).Nothing);
    }

    [Fact]
    public void A_persons_sleeping_machine_is_woken_when_the_person_is_expected_and_when_the_schedule_is_gone()
    {
        var own = Member(1, MachineState.Asleep, assigned: true);
        Assert.True(PoolPlan.Compare(Elastic(1, 0) with { Idle = IdleAction.ShutDown }, [own]).Nothing);
        Assert.Equal([own.Machine], PoolPlan.Compare(Elastic(1, 0) with { Idle = IdleAction.ShutDown }, [own with { OwnerExpected = true }]).Wake);
        Assert.Equal([own.Machine], PoolPlan.Compare(Elastic(1, 0), [own]).Wake);
    }

    [Fact]
    public void An_empty_pool_gets_its_first_ordinals() => Assert.Equal([1, 2, 3], PoolPlan.Compare(Full(3), []).Create);

    [Fact]
    public void A_gap_is_filled_before_the_end_grows() =>
        Assert.Equal([2, 4], PoolPlan.Compare(Full(4), [Member(1, MachineState.Available), Member(3, MachineState.InUse)]).Create);

    [Fact]
    public void The_ordinal_of_a_machine_being_deleted_is_not_used_yet() =>
        Assert.Equal([2], PoolPlan.Compare(Full(1), [Member(1, MachineState.Deleting)]).Create);

    [Fact]
    public void A_faulted_machine_counts_and_hides_no_ready_one()
    {
        var change = PoolPlan.Compare(Full(2), [Member(1, MachineState.Faulted), Member(2, MachineState.Available)]);
        Assert.True(change.Nothing);
    }

    [Fact]
    public void A_smaller_pool_lets_faulted_machines_go_first_and_ready_ones_last()
    {
        var (ready, faulted, starting) = (Member(1, MachineState.Available), Member(2, MachineState.Faulted), Member(3, MachineState.Provisioning));
        Assert.Equal([faulted.Machine, starting.Machine], PoolPlan.Compare(Full(1), [ready, faulted, starting]).Remove);
    }

    [Theory]
    [InlineData(MachineState.InUse)]
    [InlineData(MachineState.Reserved)]
    [InlineData(MachineState.Unreachable)]
    public void A_machine_that_may_hold_somebodys_work_is_never_let_go(MachineState state) =>
        Assert.Empty(PoolPlan.Compare(Full(0), [Member(1, state)]).Remove);

    [Fact]
    public void An_assigned_machine_is_never_let_go_even_when_it_is_free() =>
        Assert.Empty(PoolPlan.Compare(Full(0), [Member(1, MachineState.Available, assigned: true)]).Remove);

    [Fact]
    public void A_new_image_changes_at_most_half_of_the_free_machines_at_a_time()
    {
        var members = Enumerable.Range(1, 4).Select(n => Member(n, MachineState.Available, current: false)).ToList();
        Assert.Equal(2, PoolPlan.Compare(Full(4), members).Refresh.Count);
    }

    [Fact]
    public void A_machine_in_use_keeps_its_image_until_logoff() =>
        Assert.Empty(PoolPlan.Compare(Full(1), [Member(1, MachineState.InUse, current: false)]).Refresh);

    [Fact]
    public void Every_operation_ends_and_knows_each_of_its_steps()
    {
        foreach (var kind in Enum.GetValues<OperationKind>())
        {
            var steps = OperationPlan.Steps(kind);
            for (var i = 0; i < steps.Count; i++) Assert.Equal(i + 1 < steps.Count ? steps[i + 1] : null, OperationPlan.Next(kind, steps[i]));
        }
    }

    [Fact]
    public void What_cannot_be_saved_is_shut_down_and_what_cannot_be_restored_boots()
    {
        Assert.Null(OperationPlan.Next(OperationKind.Sleep, OperationStep.Save));
        Assert.Contains(OperationPlan.AfterFailure(OperationStep.Save), OperationPlan.Steps(OperationKind.Sleep));
        Assert.Equal(OperationStep.AwaitAgent, OperationPlan.Next(OperationKind.Wake, OperationStep.Restore));
        Assert.Equal(OperationPlan.Steps(OperationKind.Wake)[0], OperationPlan.AfterFailure(OperationStep.Restore));
    }

    [Fact]
    public void Pauses_between_attempts_grow_and_end_at_five_minutes()
    {
        var pauses = Enumerable.Range(1, 10).Select(OperationPlan.BackOff).ToList();
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(TimeSpan.FromMinutes(5), pauses[^1]);
    }
}
