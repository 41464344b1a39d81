using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Sessions;

/// <summary>
/// What was written lately and may have died with its connection: a write into a broken connection succeeds. After a break
/// these messages go out again; the broker lets a repeated one change nothing.
/// </summary>
internal sealed class InDoubt(TimeProvider time)
{
    private const int Most = 256;
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(30);
    private readonly Queue<(long At, AgentMessage Message)> _written = new();

    /// <summary>Remembers what no snapshot would say again.</summary>
    public void Written(AgentMessage message)
    {
        while (_written.Count > 0 && (_written.Count >= Most || time.GetElapsedTime(_written.Peek().At) > Doubt)) _written.Dequeue();
        if (message.KindCase is AgentMessage.KindOneofCase.SessionClosed or AgentMessage.KindOneofCase.LockLost or AgentMessage.KindOneofCase.Phase or AgentMessage.KindOneofCase.Result)
            _written.Enqueue((time.GetTimestamp(), message));
    }

    /// <summary>What has to be said again, oldest first. A guest may give a closed session's id to the next one: that closing is not repeated.</summary>
    public IEnumerable<AgentMessage> Take(SessionBoard board)
    {
        while (_written.TryDequeue(out var one))
            if (time.GetElapsedTime(one.At) <= Doubt
                && !(one.Message.KindCase == AgentMessage.KindOneofCase.SessionClosed && board.Find(one.Message.SessionClosed.GuestSessionId) is not null))
                yield return one.Message;
    }
}
