using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Sessions;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Tests;

public sealed class InDoubtTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly InDoubt _inDoubt;
    private readonly SessionBoard _board;

    public InDoubtTests()
    {
        _inDoubt = new(_time);
        _board = new(new Outbox(), _time, new StderrLogger());
    }

    private static AgentMessage Closed(string guestSession) => new() { SessionClosed = new SessionClosed { GuestSessionId = guestSession } };

    [Fact]
    public void What_may_have_died_with_the_connection_is_said_again_once_and_in_order()
    {
        _inDoubt.Written(Closed("s1"));
        _inDoubt.Written(new AgentMessage { Result = new CommandResult { CommandId = "c" } });
        Assert.Equal([AgentMessage.KindOneofCase.SessionClosed, AgentMessage.KindOneofCase.Result], _inDoubt.Take(_board).Select(m => m.KindCase));
        Assert.Empty(_inDoubt.Take(_board));
    }

    [Fact]
    public void What_the_next_snapshot_says_anyway_is_not_repeated()
    {
        _inDoubt.Written(new AgentMessage { SessionChanged = new GuestSession { GuestSessionId = "s1" } });
        _inDoubt.Written(new AgentMessage { Heartbeat = new Heartbeat() });
        Assert.Empty(_inDoubt.Take(_board));
    }

    [Fact]
    public void What_was_written_long_ago_has_arrived()
    {
        _inDoubt.Written(Closed("s1"));
        _time.Advance(TimeSpan.FromMinutes(1));
        _inDoubt.Written(Closed("s2"));
        Assert.Equal("s2", Assert.Single(_inDoubt.Take(_board)).SessionClosed.GuestSessionId);
    }

    [Fact]
    public void Closing_is_not_repeated_once_the_guest_gave_its_id_to_another_session()
    {
        _inDoubt.Written(Closed("s1"));
        _board.Put(new SeenSession("s1", "rui", true, DateTimeOffset.UnixEpoch));
        Assert.Empty(_inDoubt.Take(_board));
    }
}
