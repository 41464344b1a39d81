using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>
/// Has a session logged off. It ends when the agent says so, not now; only a reservation that nobody has come to is
/// given back at once, because there is nothing in the guest that could end.
/// </summary>
internal sealed class LogOffSession(SessionOrder order, EndSession end)
{
    /// <summary>Null when the order was taken; the person's own portal and IT use the same.</summary>
    public async Task<RefusalReason?> RunAsync(SessionId id, Asker by, CancellationToken ct)
    {
        var (session, refused) = await order.FindAsync(id, by, ct);
        if (session is null) return refused;
        refused = session switch
        {
            { State: "pending" } => await end.RunAsync(new(id, SessionEnd.Cancelled, by.Name) { OnlyPending = true }) ? null : RefusalReason.SessionEnded,
            { GuestSessionId: { } guest } => await order.SendAsync(session, SessionOrder.LogOff(guest), ct, mayTakeLong: true),
            _ => RefusalReason.AgentSilent,
        };
        await order.AuditAsync(id, "session.log_off", by, refused);
        return refused;
    }
}
