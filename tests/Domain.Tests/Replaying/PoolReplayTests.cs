namespace Montalegre.Vdi.Domain.Tests.Replaying;

public sealed class PoolReplayTests
{
    private static readonly DateTimeOffset Eight = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Nobody_waits_when_a_machine_is_ready_for_each()
    {
        var result = Run(Settings(4, Spare.Everything), Stay("ana", 0, 60), Stay("rui", 1, 60), Stay("eva", 2, 60));

        Assert.Equal((3, 0, TimeSpan.Zero, TimeSpan.Zero, 4), (result.Arrivals, result.Waits.Count, result.LongestWait, result.P95Wait, result.MostMachines));
    }

    [Fact]
    public void One_spare_machine_and_two_arrivals_at_once_make_the_second_wait_for_one_start()
    {
        var result = Run(Settings(4, Spare.Machines(1)), Stay("ana", 0, 60), Stay("rui", 0, 60));

        var wait = Assert.Single(result.Waits);
        Assert.Equal(("rui", Minute, true, 1), (wait.Person, wait.Wait, wait.Served, wait.Told.Place));
        Assert.Equal(RefusalReason.WaitingForMachine, wait.Told.Reason);
    }

    [Fact]
    public void A_full_pool_makes_the_next_wait_until_somebody_leaves_and_the_machine_is_back_at_its_image()
    {
        var result = Run(Settings(1, Spare.Everything), Stay("ana", 0, 30), Stay("rui", 10, 30));

        var wait = Assert.Single(result.Waits);
        Assert.Equal(("rui", TimeSpan.FromMinutes(21), RefusalReason.PoolFull, null), (wait.Person, wait.Wait, wait.Told.Reason, wait.Told.Estimate));
        Assert.Equal((1, Eight - (Minute * 3)), (result.MostMachines, result.MostMachinesAt));
    }

    [Fact]
    public void Who_no_machine_comes_for_until_the_end_is_said_to_be_unserved()
    {
        var result = Run(Settings(1, Spare.Everything), Stay("ana", 0, null), Stay("rui", 10, 30));

        Assert.Equal((false, TimeSpan.FromHours(24) - TimeSpan.FromMinutes(10)), (result.Waits[0].Served, result.Waits[0].Wait));
    }

    [Fact]
    public void Who_comes_back_to_an_open_session_is_no_arrival()
    {
        var result = Run(Settings(2, Spare.Machines(1)), Stay("ana", 0, 60), Stay("ana", 10, 60));

        Assert.Equal((1, 0), (result.Arrivals, result.Waits.Count));
    }

    [Fact]
    public void Starts_beyond_what_the_hosts_make_at_once_come_one_turn_later()
    {
        var result = Run(Settings(4, Spare.Machines(0)) with { StartsAtOnce = 2 }, Stay("a", 0, 60), Stay("b", 0, 60), Stay("c", 0, 60));

        Assert.Equal([Minute, Minute, Minute * 2], result.Waits.Select(w => w.Wait));
    }

    [Fact]
    public void Machines_that_nobody_needed_for_long_are_gone_and_the_next_rush_waits_again()
    {
        var settings = Settings(10, Spare.Machines(0)) with { StartsAtOnce = 10 };
        var early = Run(settings with { ShrinkAfter = TimeSpan.FromMinutes(30) }, Stay("a", 0, 10), Stay("b", 20, 10));
        var late = Run(settings with { ShrinkAfter = TimeSpan.FromMinutes(5) }, Stay("a", 0, 10), Stay("b", 20, 10));

        Assert.Equal((1, 2), (early.Waits.Count, late.Waits.Count));
    }

    [Fact]
    public void Ninety_five_of_a_hundred_waited_no_longer_than_said()
    {
        var people = Enumerable.Range(0, 100).Select(n => Stay($"p{n:00}", 0, 600)).ToArray();

        var six = Run(Settings(200, Spare.Machines(94)) with { StartsAtOnce = 200 }, people);
        var five = Run(Settings(200, Spare.Machines(95)) with { StartsAtOnce = 200 }, people);

        Assert.Equal((6, Minute), (six.Waits.Count, six.P95Wait));
        Assert.Equal((5, TimeSpan.Zero), (five.Waits.Count, five.P95Wait));
    }

    [Fact]
    public void Five_days_of_three_hundred_people_are_answered_the_same_twice_with_every_arrival_in_it()
    {
        var chance = new Random(7);
        var record = Enumerable.Range(0, 5).SelectMany(day => Enumerable.Range(0, 300).Select(n =>
            new RecordedStay($"p{n}", Eight.AddDays(day).AddSeconds(chance.Next(7200)), TimeSpan.FromMinutes(60 + chance.Next(400))))).ToList();
        var settings = Settings(270, Spare.Machines(20)) with { StartsAtOnce = 8 };

        var (one, other) = (PoolReplay.Run(record, settings, Eight.AddDays(31), TestContext.Current.CancellationToken), PoolReplay.Run(record, settings, Eight.AddDays(31), TestContext.Current.CancellationToken));

        Assert.Equal((1500, one.Waits.Count, one.P95Wait, one.MostMachinesAt), (other.Arrivals, other.Waits.Count, other.P95Wait, other.MostMachinesAt));
        Assert.InRange(one.MostMachines, 21, 270);
        Assert.Contains(one.Waits, w => w.Served);
    }

    [Fact]
    public void A_machine_that_comes_free_at_the_moment_somebody_comes_is_waited_for_by_nobody()
    {
        var result = Run(Settings(1, Spare.Everything), Stay("ana", 0, 30), Stay("rui", 31, 30));

        Assert.Empty(result.Waits);
    }

    [Fact]
    public void A_shared_machine_goes_when_its_last_person_has_left_and_it_is_old()
    {
        var shared = Settings(1, Spare.Machines(1)) with { Kind = PoolKind.MultiSession, Seats = 2, AfterLogOff = LogOffAction.Refresh, RenewAfter = TimeSpan.FromHours(1) };
        var young = Run(shared, Stay("ana", 0, 30), Stay("rui", 0, 20), Stay("eva", 30, 10));
        var old = Run(shared, Stay("ana", 0, 90), Stay("rui", 0, 20), Stay("eva", 90, 10));

        Assert.Empty(young.Waits);
        Assert.Equal(("eva", Minute), (Assert.Single(old.Waits).Person, old.Waits[0].Wait));
    }

    [Fact]
    public void An_owner_waits_for_nobody_however_long_the_queue_is()
    {
        var settings = Settings(2, Spare.Machines(0)) with { Kind = PoolKind.Dedicated, AfterLogOff = LogOffAction.Keep, Owners = ["ana"] };

        var result = Run(settings, Stay("rui", 0, 60), Stay("eva", 0, 60), Stay("ana", 1, 60));

        Assert.Equal(["eva", "rui"], result.Waits.Select(w => w.Person).Order());
        Assert.Single(result.Waits, w => w.Served);
    }

    private static ReplaySettings Settings(int maximum, Spare spare) => new(maximum, spare, TimeSpan.FromMinutes(15), Minute, StartsAtOnce: 1);

    private static RecordedStay Stay(string person, int minute, int? minutes) => new(person, Eight.AddMinutes(minute), minutes is { } m ? TimeSpan.FromMinutes(m) : null);

    private static ReplayResult Run(ReplaySettings settings, params RecordedStay[] record) => PoolReplay.Run(record, settings, Eight.AddHours(24), TestContext.Current.CancellationToken);
}
