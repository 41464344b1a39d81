namespace Montalegre.Vdi.Domain.Tests.Sessions;

public sealed class GuestComparisonTests
{
    private static readonly SessionId First = new(Guid.NewGuid());
    private static readonly SessionId Second = new(Guid.NewGuid());

    [Fact]
    public void Session_that_the_guest_has_is_seen_by_the_brokers_id()
    {
        var findings = GuestComparison.Compare([new(First, SessionState.Active, "c1")], [Guest("c7", First)], rebooted: true);

        Assert.Equal(First, Assert.Single(findings.Seen).Session);
        Assert.Empty(findings.Ended);
        Assert.Empty(findings.Rogue);
    }

    [Fact]
    public void Guests_own_id_matches_within_one_boot_only()
    {
        OpenSession[] open = [new(First, SessionState.Active, "c1")];

        Assert.Equal(First, GuestComparison.Match(open, Guest("c1", null), rebooted: false));
        Assert.Null(GuestComparison.Match(open, Guest("c1", null), rebooted: true));
    }

    [Fact]
    public void Foreign_id_of_the_broker_never_matches_by_the_guests_own()
    {
        Assert.Null(GuestComparison.Match([new(First, SessionState.Active, "c1")], Guest("c1", Second), rebooted: false));
    }

    [Theory]
    [InlineData(false, SessionEnd.LoggedOff)]
    [InlineData(true, SessionEnd.MachineRestarted)]
    public void Session_that_the_guest_no_longer_has_ended(bool rebooted, SessionEnd expected)
    {
        var findings = GuestComparison.Compare([new(First, SessionState.Disconnected, "c1")], [], rebooted);

        Assert.Equal((First, expected), Assert.Single(findings.Ended));
    }

    [Fact]
    public void Pending_session_waits_for_its_person()
    {
        var findings = GuestComparison.Compare([new(First, SessionState.Pending, null)], [], rebooted: true);

        Assert.Empty(findings.Ended);
    }

    [Fact]
    public void Session_that_nothing_explains_is_rogue()
    {
        var findings = GuestComparison.Compare([new(First, SessionState.Pending, null)], [Guest("tty1", null)], rebooted: false);

        Assert.Equal("tty1", Assert.Single(findings.Rogue).GuestSessionId);
    }

    private static GuestSeen Guest(string id, SessionId? session) => new(id, "ana", false, session, null, null);
}
