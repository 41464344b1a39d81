using System.Threading.Channels;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Sessions;

/// <summary>
/// What waits to go to the broker. Outlives connections: phases, closings and results measured while the broker was away
/// arrive late rather than never; states do not, because the snapshot after hello says them anew.
/// </summary>
internal sealed class Outbox
{
    private const int Longest = 1024;

    private readonly Channel<AgentMessage> _messages = Channel.CreateBounded<AgentMessage>(
        new BoundedChannelOptions(Longest) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = false });

    public void Post(AgentMessage message) => _messages.Writer.TryWrite(message);

    public ValueTask<AgentMessage> TakeAsync(CancellationToken ct) => _messages.Reader.ReadAsync(ct);

    /// <summary>Forgets what a snapshot is about to replace.</summary>
    public void DropStates()
    {
        for (var left = _messages.Reader.Count; left > 0 && _messages.Reader.TryRead(out var message); left--)
        {
            if (message.KindCase is not (AgentMessage.KindOneofCase.SessionChanged or AgentMessage.KindOneofCase.Sessions or AgentMessage.KindOneofCase.Heartbeat)) Post(message);
        }
    }
}
