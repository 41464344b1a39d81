namespace Montalegre.Vdi.Domain.Tests.Sessions;

public sealed class SessionTimeoutsTests
{
    private static readonly SessionTimeouts Rules = new(Minutes(10), Minutes(30));

    [Theory]
    [InlineData(7.9, null, TimeoutStep.None)]
    [InlineData(8, null, TimeoutStep.Warn)]
    [InlineData(9, 1.0, TimeoutStep.None)]
    [InlineData(9.9, 1.9, TimeoutStep.None)]
    [InlineData(10, 2.0, TimeoutStep.Disconnect)]
    [InlineData(8, 20.0, TimeoutStep.Warn)]          // warned, touched again, and idle once more
    [InlineData(1, 2.0, TimeoutStep.None)]           // touched after the warning
    [InlineData(25, null, TimeoutStep.Warn)]         // no broker ran: the warning comes late, but comes
    [InlineData(25, 0.4, TimeoutStep.None)]
    [InlineData(25, 0.5, TimeoutStep.Disconnect)]
    public void Idle_session_is_warned_two_minutes_before_and_then_disconnected(double idle, double? warned, TimeoutStep step) =>
        Assert.Equal(step, Rules.Decide(new(SessionState.Active, Minutes(60), Minutes(idle), warned is { } ago ? Minutes(ago) : null)));

    [Fact]
    public void Short_time_out_is_warned_of_at_its_half()
    {
        var rules = new SessionTimeouts(Minutes(1), null);

        Assert.Equal(TimeoutStep.None, rules.Decide(new(SessionState.Active, Minutes(60), TimeSpan.FromSeconds(29))));
        Assert.Equal(TimeoutStep.Warn, rules.Decide(new(SessionState.Active, Minutes(60), TimeSpan.FromSeconds(30))));
        Assert.Equal(TimeoutStep.Disconnect, rules.Decide(new(SessionState.Active, Minutes(60), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30))));
    }

    [Fact]
    public void Who_has_just_come_back_is_not_idle_although_the_guest_counts_from_before() =>
        Assert.Equal(TimeoutStep.None, Rules.Decide(new(SessionState.Active, Minutes(1), Minutes(300))));

    [Fact]
    public void Unknown_idle_time_and_a_pool_without_time_outs_end_nothing()
    {
        var never = new SessionTimeouts(null, null);

        Assert.Equal(TimeoutStep.None, Rules.Decide(new(SessionState.Active, Minutes(600))));
        Assert.Equal(TimeoutStep.None, never.Decide(new(SessionState.Active, Minutes(6000), Minutes(6000), Minutes(5))));
        Assert.Equal(TimeoutStep.None, never.Decide(new(SessionState.Disconnected, Minutes(6000))));
        Assert.Equal(TimeoutStep.None, Rules.Decide(new(SessionState.Pending, Minutes(6000), Minutes(6000))));
        Assert.Equal(TimeoutStep.None, Rules.Decide(new(SessionState.Ended, Minutes(6000), Minutes(6000))));
    }

    [Fact]
    public void Disconnected_session_is_logged_off_when_nobody_came_back()
    {
        Assert.Equal(TimeoutStep.None, Rules.Decide(new(SessionState.Disconnected, Minutes(29.9))));
        Assert.Equal(TimeoutStep.LogOff, Rules.Decide(new(SessionState.Disconnected, Minutes(30))));
    }

    private static TimeSpan Minutes(double minutes) => TimeSpan.FromMinutes(minutes);
}
