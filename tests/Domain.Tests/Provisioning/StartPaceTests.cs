using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Provisioning;

/// <summary>A host's pace follows what it was measured to bear.</summary>
public sealed class StartPaceTests
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private static readonly PaceBounds Bounds = new(4, 16);

    [Fact]
    public void Before_anything_was_measured_it_is_the_first_pace() => Assert.Equal(4, StartPace.AtOnce([], Bounds, null));

    [Fact]
    public void A_host_whose_starts_take_as_long_at_any_number_is_given_more_up_to_the_most()
    {
        var paces = Run(Bounds, _ => 20, 40);
        Assert.Equal([6, 9, 13, 16], paces.Take(4));
        Assert.InRange(paces.TakeLast(20).Average(), 12, 16);   // now and then it tries whether less would do
    }

    [Theory]
    [InlineData(2, 2)]      // two processors: the third start only makes the others longer
    [InlineData(1, 1)]
    [InlineData(8, 8)]
    public void A_host_that_bears_so_many_comes_to_that_number_from_either_side(int bears, int expected)
    {
        foreach (var first in new[] { 1, 4, 16 })
        {
            var paces = Run(new(first, 16), atOnce => 20.0 * Math.Max(1, (double)atOnce / bears), 60);
            // It tries one step beyond now and then, and comes back; it stays at or about what the host bears.
            Assert.InRange(paces.TakeLast(30).Average(), expected * 0.75, Math.Max(expected * 1.6, expected + 1));
        }
    }

    [Fact]
    public void Processors_that_are_waited_for_are_not_given_more() => Assert.Equal(4, StartPace.AtOnce(Burst(4, 20), Bounds, HostPlacement.BusyCpuPressure + 1));

    [Fact]
    public void Agents_that_stay_away_halve_the_pace()
    {
        var silent = Burst(8, 300).Select((s, n) => s with { Reported = n >= 4 }).ToList();
        Assert.Equal(4, StartPace.AtOnce(silent, Bounds, null));
        var alone = new[] { 0, 600, 1200 }.SelectMany(after => Burst(1, 300, after)).Select(s => s with { Reported = false }).ToList();
        Assert.Equal(1, StartPace.AtOnce(alone, Bounds, null));
    }

    [Fact]
    public void Clocks_that_went_back_do_no_harm() => Assert.InRange(StartPace.AtOnce([.. Enumerable.Range(0, 5).Select(_ => new MeasuredStart(Monday, Monday.AddSeconds(-5), true))], Bounds, null), 1, 16);

    [Fact]
    public void Failures_in_a_row_hold_creation_ever_longer_and_the_first_two_not_at_all()
    {
        Assert.Equal([0, 0, 0, 15, 30, 60, 120, 240, 480, 600], Enumerable.Range(0, 10).Select(n => (int)CreationHold.After(n).TotalSeconds));
        Assert.Equal(600, CreationHold.After(int.MaxValue).TotalSeconds);
    }

    /// <summary>The paces of a host that always has something to start, burst after burst.</summary>
    private static List<int> Run(PaceBounds bounds, Func<int, double> took, int rounds)
    {
        var (history, paces, pace, at) = (new List<MeasuredStart>(), new List<int>(), bounds.First, 0.0);
        for (var round = 0; round < rounds; round++)
        {
            var seconds = took(pace);
            history.AddRange(Burst(pace, seconds, at));
            at += seconds;
            paces.Add(pace = StartPace.AtOnce([.. history.TakeLast(StartPace.MostLookedAt)], bounds, null));
        }
        return paces;
    }

    private static List<MeasuredStart> Burst(int atOnce, double seconds, double after = 0) =>
        [.. Enumerable.Repeat(new MeasuredStart(Monday.AddSeconds(after), Monday.AddSeconds(after + seconds), true), atOnce)];
}
