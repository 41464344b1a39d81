using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Does what the pools of a person's sessions say when his terminal reports that the card was taken out.</summary>
internal sealed class RemoveCard(SessionStore sessions, DisconnectSession disconnect, GatewayDirectory gateways)
{
    /// <summary>How many connections were closed, and how many could not be.</summary>
    public async Task<(int Disconnected, int Failed)> RunAsync(Caller caller, CancellationToken ct)
    {
        var (disconnected, failed) = (0, 0);
        foreach (var (session, connection) in await sessions.OfCardAsync(caller.User))
        {
            // The gateway says why on the screen; where it is connected to another node, or nobody knows of a connection, the agent ends it.
            var done = connection is { } open && await gateways.CloseConnectionAsync(new(open), ReasonCode.CardRemoved, ct)
                || await disconnect.RunAsync(new(session), new(caller.UserName, caller.SourceAddress, caller.User), ct) is null;
            await sessions.AuditAsync(new(session), "session.card_removed", caller.UserName, caller.SourceAddress, done ? "ok" : "AGENT_SILENT");
            if (done) disconnected++;
            else failed++;
        }
        return (disconnected, failed);
    }
}
