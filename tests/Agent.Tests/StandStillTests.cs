using System.ComponentModel;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Agent.Registration;

namespace Montalegre.Vdi.Agent.Tests;

/// <summary>A machine that its host saved and restored, told by its clocks.</summary>
public sealed class StandStillTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 27, 18, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Night = TimeSpan.FromHours(14);
    private readonly FakeTimeProvider _time = new(Start);
    private readonly FakeGuest _guest = new() { Hardware = Start };

    private StandStill Watch() => new(_guest, _time, NullLogger.Instance);

    [Fact]
    public void A_night_in_a_file_is_noticed_once_and_the_clock_is_set_forward_by_it()
    {
        var watch = Watch();
        Assert.False(watch.Look());
        Passes(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        Assert.False(watch.Look());
        Passes(TimeSpan.FromSeconds(1), Night);
        Assert.True(watch.Look());
        Assert.Equal(_time.GetUtcNow() + Night - TimeSpan.FromSeconds(1), Assert.Single(_guest.ClockSetTo));
        Passes(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        Assert.False(watch.Look());
    }

    [Fact]
    public void A_hardware_clock_in_local_time_moves_the_system_clock_by_the_night_only()
    {
        _guest.Hardware = Start.AddHours(1);
        var watch = Watch();
        watch.Look();
        Passes(TimeSpan.Zero, Night);
        Assert.True(watch.Look());
        Assert.Equal(Start + Night, Assert.Single(_guest.ClockSetTo));
    }

    [Fact]
    public void A_hardware_clock_that_is_set_right_moves_nothing()
    {
        _guest.Hardware = Start.AddHours(-1);
        var watch = Watch();
        watch.Look();
        _guest.Hardware = Start;
        watch.Look();
        Assert.Empty(_guest.ClockSetTo);
    }

    [Fact]
    public void Whole_seconds_and_a_missing_hardware_clock_are_no_stand_still()
    {
        var watch = Watch();
        watch.Look();
        Passes(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
        Assert.False(watch.Look());
        _guest.Hardware = null;
        Assert.False(watch.Look());
    }

    [Fact]
    public void An_agent_that_may_not_set_the_clock_connects_anew_all_the_same()
    {
        _guest.OnSetClock = _ => throw new Win32Exception(1);
        var watch = Watch();
        watch.Look();
        Passes(TimeSpan.Zero, Night);
        Assert.True(watch.Look());
    }

    [Fact]
    public async Task Agent_that_stood_still_says_hello_again_without_waiting_for_its_dead_connection()
    {
        await using var broker = await FakeBroker.StartAsync();
        var guest = new FakeGuest { Document = broker.Document(), Hardware = DateTimeOffset.UtcNow };
        guest.RdpListens.SetResult();
        await using var agent = new RunningAgent(guest);
        await broker.Script.NextConnectionAsync();
        guest.Hardware += TimeSpan.FromHours(14);
        await broker.Script.NextConnectionAsync();
        Assert.Single(guest.ClockSetTo);
    }

    private void Passes(TimeSpan processor, TimeSpan battery)
    {
        _time.Advance(processor);
        _guest.Hardware += battery;
    }
}
