using System.Buffers.Text;
using System.Security.Cryptography;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>What became of a person's sessions when his card was taken out.</summary>
/// <param name="Failed">Those that could be neither locked nor disconnected.</param>
/// <param name="ReturnKey">In the clear: it is handed on once and kept nowhere. Null: nothing was locked.</param>
internal sealed record CardRemovedOutcome(int Locked, int Disconnected, int Failed, string? ReturnKey)
{
    public override string ToString() => $"{Locked} locked, {Disconnected} disconnected, {Failed} failed";
}

/// <summary>Does what the pools of a person's sessions say when his terminal reports that the card was taken out.</summary>
internal sealed class RemoveCard(SessionStore sessions, LockSessions locks, DisconnectSession disconnect, GatewayDirectory gateways)
{
    private const int KeyBytes = 32;

    public async Task<CardRemovedOutcome> RunAsync(Caller caller, CancellationToken ct)
    {
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        var rows = await sessions.LockOfCardAsync(caller.User, SHA256.HashData(key), caller.UserName, caller.SourceAddress);
        // What nobody looks at needs no cover: it opens for a new sign-in only.
        var outcomes = await Task.WhenAll(rows.Where(r => r is { State: "active", GuestSessionId: not null, LockHeld: false }).Select(r => locks.LockAsync(r, ct)));
        var disconnected = outcomes.Count(o => o is LockOutcome.Disconnected);
        var failed = outcomes.Count(o => o is LockOutcome.Failed);
        var locked = rows.Count - disconnected - failed;

        foreach (var (session, connection) in await sessions.OfCardAsync(caller.User))
        {
            // The gateway says why on the screen; where it is connected to another node, or nobody knows of a connection, the agent ends it.
            var done = connection is { } open && await gateways.CloseConnectionAsync(new(open), ReasonCode.CardRemoved, ct)
                || await disconnect.RunAsync(new(session), new(caller.UserName, caller.SourceAddress, caller.User), ct) is null;
            await sessions.AuditAsync(new(session), "session.card_removed", caller.UserName, caller.SourceAddress, done ? "ok" : "AGENT_SILENT");
            if (done) disconnected++;
            else failed++;
        }
        return new(locked, disconnected, failed, rows.Count > 0 ? Base64Url.EncodeToString(key) : null);
    }
}
