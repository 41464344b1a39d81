using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Shows a message on the desktop of a session.</summary>
internal sealed class MessageSession(SessionOrder order)
{
    private const int LongestTitle = 100;
    private const int LongestText = 2000;

    /// <summary>Null when the agent showed it. The text itself is not audited: it may be personal.</summary>
    public async Task<RefusalReason?> RunAsync(SessionId id, string title, string text, Asker by, CancellationToken ct)
    {
        if (title.Length > LongestTitle || text.Length is 0 or > LongestText) return RefusalReason.InvalidField;
        var (session, refused) = await order.FindAsync(id, by, ct);
        if (session is null) return refused;
        refused = session.GuestSessionId is { } guest
            ? await order.SendAsync(session, new Command { Message = new ShowMessage { GuestSessionId = guest, Title = title, Text = text } }, ct)
            : RefusalReason.AgentSilent;
        await order.AuditAsync(id, "session.message", by, refused);
        return refused;
    }
}
