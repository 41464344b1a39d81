using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Provisioning;

public sealed class PoolPlanTests
{
    private static PoolMember Member(int ordinal, MachineState state, bool assigned = false, bool current = true) => new(new(Guid.NewGuid()), ordinal, state, assigned, current);

    [Fact]
    public void An_empty_pool_gets_its_first_ordinals() => Assert.Equal([1, 2, 3], PoolPlan.Compare(3, []).Create);

    [Fact]
    public void A_gap_is_filled_before_the_end_grows() =>
        Assert.Equal([2, 4], PoolPlan.Compare(4, [Member(1, MachineState.Available), Member(3, MachineState.InUse)]).Create);

    [Fact]
    public void The_ordinal_of_a_machine_being_deleted_is_not_used_yet() =>
        Assert.Equal([2], PoolPlan.Compare(1, [Member(1, MachineState.Deleting)]).Create);

    [Fact]
    public void A_faulted_machine_counts_and_hides_no_ready_one()
    {
        var change = PoolPlan.Compare(2, [Member(1, MachineState.Faulted), Member(2, MachineState.Available)]);
        Assert.True(change.Nothing);
    }

    [Fact]
    public void A_smaller_pool_lets_faulted_machines_go_first_and_ready_ones_last()
    {
        var (ready, faulted, starting) = (Member(1, MachineState.Available), Member(2, MachineState.Faulted), Member(3, MachineState.Provisioning));
        Assert.Equal([faulted.Machine, starting.Machine], PoolPlan.Compare(1, [ready, faulted, starting]).Remove);
    }

    [Theory]
    [InlineData(MachineState.InUse)]
    [InlineData(MachineState.Reserved)]
    [InlineData(MachineState.Unreachable)]
    public void A_machine_that_may_hold_somebodys_work_is_never_let_go(MachineState state) =>
        Assert.Empty(PoolPlan.Compare(0, [Member(1, state)]).Remove);

    [Fact]
    public void An_assigned_machine_is_never_let_go_even_when_it_is_free() =>
        Assert.Empty(PoolPlan.Compare(0, [Member(1, MachineState.Available, assigned: true)]).Remove);

    [Fact]
    public void A_new_image_changes_at_most_half_of_the_free_machines_at_a_time()
    {
        var members = Enumerable.Range(1, 4).Select(n => Member(n, MachineState.Available, current: false)).ToList();
        Assert.Equal(2, PoolPlan.Compare(4, members).Refresh.Count);
    }

    [Fact]
    public void A_machine_in_use_keeps_its_image_until_logoff() =>
        Assert.Empty(PoolPlan.Compare(1, [Member(1, MachineState.InUse, current: false)]).Refresh);

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
    public void Pauses_between_attempts_grow_and_end_at_five_minutes()
    {
        var pauses = Enumerable.Range(1, 10).Select(OperationPlan.BackOff).ToList();
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(TimeSpan.FromMinutes(5), pauses[^1]);
    }
}
