namespace Montalegre.Vdi.Domain.Tests;

public sealed class HostPlacementTests
{
    private static readonly PlacementRule Breadth = new(PlacementOrder.Breadth, null, 1024);
    private static readonly PlacementRule Depth = Breadth with { Order = PlacementOrder.Depth };

    private static HostOffer Host(string name, long free, int ofPool = 0) =>
        new() { Host = new(Guid.NewGuid()), Name = name, MemoryMib = 65536, FreeMemoryMib = free, OfPool = ofPool };

    [Fact]
    public void Breadth_takes_the_host_with_fewest_of_the_pool_then_the_freest()
    {
        var (a, b, c) = (Host("a", 30000, 2), Host("b", 9000, 1), Host("c", 8000, 1));
        Assert.Equal(b.Host, HostPlacement.Choose(Breadth, [a, b, c]).Host);
    }

    [Fact]
    public void Depth_takes_the_fullest_host_that_still_fits()
    {
        var (a, b, c) = (Host("a", 30000), Host("b", 1500), Host("c", 900));
        Assert.Equal(b.Host, HostPlacement.Choose(Depth, [a, b, c]).Host);
    }

    [Fact]
    public void Machines_just_placed_count_although_the_host_does_not_show_them_yet()
    {
        var (a, b) = (Host("a", 3000), Host("b", 2000));
        for (var n = 0; n < 2; n++) a = a.With(1024);
        Assert.Equal(b.Host, HostPlacement.Choose(Depth, [a, b]).Host);
    }

    [Fact]
    public void Memory_that_guests_may_still_touch_is_not_given_twice()
    {
        var full = Host("a", 60000) with { CommittedMib = 62000 };
        Assert.Equal(RefusalReason.NoHostCapacity, HostPlacement.Choose(Breadth, [full]).Reason);
    }

    [Fact]
    public void Limit_state_silence_and_memory_rule_a_host_out_each_with_its_own_reason()
    {
        var limited = Host("limited", 30000, 3);
        var choice = HostPlacement.Choose(Breadth with { MostPerHost = 3 },
            [limited, Host("drained", 30000) with { State = HostState.Draining }, Host("silent", 30000) with { Reached = false }, Host("small", 900)]);
        Assert.Null(choice.Host);
        Assert.Equal(
            ["drained HostInMaintenance", "limited HostLimit", "silent HostUnavailable", "small NoHostCapacity"], choice.Verdicts.Select(v => $"{v.Name} {v.RuledOut}"));
        Assert.Equal(RefusalReason.NoHostCapacity, choice.Reason);
    }

    [Fact]
    public void A_pool_without_hosts_and_one_in_maintenance_say_so()
    {
        Assert.Equal(RefusalReason.HostUnavailable, HostPlacement.Choose(Breadth, []).Reason);
        Assert.Equal(RefusalReason.HostInMaintenance, HostPlacement.Choose(Breadth, [Host("a", 30000) with { State = HostState.Maintenance }]).Reason);
    }

    [Fact]
    public void A_busy_host_comes_last_but_is_better_than_none()
    {
        var (busy, calm) = (Host("busy", 30000) with { CpuPressure = 81 }, Host("calm", 2000, 5));
        Assert.Equal(calm.Host, HostPlacement.Choose(Breadth, [busy, calm]).Host);
        Assert.Equal(busy.Host, HostPlacement.Choose(Breadth, [busy]).Host);
    }

    [Fact]
    public void The_chosen_host_is_the_first_verdict()
    {
        var (a, b) = (Host("a", 5000), Host("b", 9000));
        Assert.Equal(b.Host, HostPlacement.Choose(Breadth, [a, b]).Verdicts[0].Host);
    }

    // Whatever the hosts: none is filled beyond its memory or its limit, and breadth never differs by more than one where all fit.
    [Fact]
    public void No_order_of_placements_breaks_the_promises()
    {
        var random = new Random(20261126);
        for (var run = 0; run < 2_000; run++)
        {
            var offers = Enumerable.Range(0, random.Next(1, 6)).Select(n => new HostOffer { Host = new(Guid.NewGuid()), Name = $"h{n}", MemoryMib = 16384, FreeMemoryMib = random.Next(16384) }).ToList();
            var start = offers.ToDictionary(o => o.Host, o => o.FreeMemoryMib);
            var rule = new PlacementRule((PlacementOrder)random.Next(2), random.Next(3) == 0 ? random.Next(1, 5) : null, random.Next(256, 4096));
            for (var placed = 0; placed < 1000 && HostPlacement.Choose(rule, offers).Host is { } host; placed++)
            {
                var at = offers.FindIndex(o => o.Host == host);
                offers[at] = offers[at].With(rule.MemoryMib);
            }
            Assert.All(offers, o => Assert.True(o.NotStartedMib <= start[o.Host] && o.CommittedMib <= o.MemoryMib - HostPlacement.ReserveMib(o.MemoryMib) && o.OfPool <= (rule.MostPerHost ?? 1000), $"run {run}"));
            Assert.NotNull(HostPlacement.Choose(rule, offers).Reason);
        }
    }
}
