using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Ends the connection and keeps the session: by the agent, or where it cannot, by the gateway.</summary>
internal sealed class DisconnectSession(SessionOrder order, GatewayDirectory gateways)
{
    /// <summary>Null when the order was taken.</summary>
    public async Task<RefusalReason?> RunAsync(SessionId id, Asker by, CancellationToken ct)
    {
        var (session, refused) = await order.FindAsync(id, by, ct);
        if (session is null) return refused;
        refused = session.GuestSessionId is { } guest
            ? await order.SendAsync(session, new Command { Disconnect = new Disconnect { GuestSessionId = guest } }, ct)
            : RefusalReason.AgentSilent;
        if (refused is not null && session is { Connected: true, ConnectionId: { } connection }
            && await gateways.CloseConnectionAsync(new(connection), ReasonCode.NotAllowed, ct))
        {
            refused = null;
        }
        await order.AuditAsync(id, "session.disconnect", by, refused);
        return refused;
    }
}
