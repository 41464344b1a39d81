namespace Montalegre.Vdi.Domain.Tests.Provisioning;

public sealed class SharedPoolPlanTests
{
    private const int Seats = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(0, 0, 0)]        // nothing wanted
    [InlineData(1, 0, 1)]        // one seat is a whole machine
    [InlineData(10, 0, 1)]
    [InlineData(11, 0, 2)]
    [InlineData(0, 25, 3)]       // each of those who wait gets a seat
    [InlineData(900, 0, 8)]      // never beyond the maximum
    public void Spare_and_queue_count_seats(int spare, int waiting, int machines) =>
        Assert.Equal(machines, SharedPoolPlan.Compare(Target(Spare.Machines(spare), waiting), Seats, []).Create.Count);

    [Fact]
    public void Free_seats_of_machines_in_use_are_spare()
    {
        var half = Machine(1, MachineState.InUse, people: 4);

        Assert.True(SharedPoolPlan.Compare(Target(Spare.Machines(6)), Seats, [half]).Nothing);
        Assert.Single(SharedPoolPlan.Compare(Target(Spare.Machines(7)), Seats, [half]).Create);
        Assert.Single(SharedPoolPlan.Compare(Target(Spare.Machines(6)), Seats, [half with { Draining = true }]).Create);
        Assert.Single(SharedPoolPlan.Compare(Target(Spare.Machines(6)), Seats, [half with { State = MachineState.Unreachable }]).Create);
    }

    [Fact]
    public void A_share_is_one_of_all_seats_of_the_maximum() =>
        Assert.Equal(4, SharedPoolPlan.Compare(Target(Spare.Percent(50)), Seats, []).Create.Count);

    [Fact]
    public void What_nobody_has_needed_for_long_goes_when_the_seats_of_the_others_are_enough()
    {
        PoolMember[] members = [Machine(1, MachineState.InUse, people: 2), Machine(2, MachineState.Available, age: Patience), Machine(3, MachineState.Available, age: Patience)];

        Assert.Equal([members[2].Machine, members[1].Machine], SharedPoolPlan.Compare(Target(Spare.Machines(8)), Seats, members).Remove);
        Assert.Equal([members[2].Machine], SharedPoolPlan.Compare(Target(Spare.Machines(9)), Seats, members).Remove);
        Assert.True(SharedPoolPlan.Compare(Target(Spare.Everything), Seats, members).Create.Count == 5);
        Assert.Empty(SharedPoolPlan.Compare(Target(Spare.Machines(0)), Seats, [.. members.Select(m => m with { StateAge = TimeSpan.Zero })]).Remove);
    }

    [Theory]
    [InlineData(MachineState.InUse)]
    [InlineData(MachineState.Reserved)]
    [InlineData(MachineState.Unreachable)]
    public void A_machine_with_people_is_neither_removed_nor_renewed(MachineState state)
    {
        var old = Machine(1, state, people: 1, age: Patience) with { CurrentImage = false };

        Assert.True(SharedPoolPlan.Compare(Target(Spare.Machines(0), maximum: 0), Seats, [old]).Nothing);
    }

    [Fact]
    public void At_most_half_of_the_machines_that_nobody_is_on_are_renewed_at_once()
    {
        var members = Enumerable.Range(1, 8).Select(n => Machine(n, MachineState.Available) with { CurrentImage = false }).ToArray();

        Assert.Equal(4, SharedPoolPlan.Compare(Target(Spare.Everything), Seats, members).Refresh.Count);
    }

    private static PoolTarget Target(Spare spare, int waiting = 0, int maximum = 8) => new(maximum, spare, waiting, Patience);

    private static PoolMember Machine(int ordinal, MachineState state, int people = 0, TimeSpan age = default) =>
        new(new(Guid.NewGuid()), ordinal, state, false, true) { People = people, StateAge = age };
}
