using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>What became of a screen that was to be covered.</summary>
internal enum LockOutcome { Locked, Disconnected, Failed }

/// <summary>
/// Has agents cover screens and uncover them, as the database says. What cannot be covered is disconnected: a locked session
/// is never left open. Each node does it for the agents it can reach.
/// </summary>
internal sealed class LockSessions(
    SessionStore sessions, AgentDirectory agents, GatewayDirectory gateways, Node node, IOptions<SessionOptions> options, TimeProvider time, ILogger<LockSessions> log)
{
    private const int MostAtOnce = 64;
    private readonly ConcurrentDictionary<Guid, bool> _underWay = new();
    private readonly Bell _bell = new(time);

    /// <summary>Somebody is at a desktop that should be covered: looked at without waiting for the next sweep.</summary>
    public void Ring() => _bell.Ring();

    /// <summary>Returns at a ring, at the latest after a time.</summary>
    public Task NextAsync(TimeSpan atMost, CancellationToken ct) => _bell.NextAsync(atMost, ct);

    /// <summary>Repairs what the orders of the moment left behind.</summary>
    public async Task RunAsync(CancellationToken ct) => await Parallel.ForEachAsync(
        await sessions.LockDueAsync(node, 2 * options.Value.CommandWithin, MostAtOnce, ct), new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = ct },
        async (row, stop) =>
        {
            if (_underWay.ContainsKey(row.SessionId)) return;
            if (row.Locked) await LockAsync(row, stop);
            else await UnlockAsync(row, disconnectFirst: true, stop);   // whose client is still there, nobody knows by now
        });

    /// <summary>Covers the screen, or else ends the connection.</summary>
    public async Task<LockOutcome> LockAsync(LockRow row, CancellationToken ct)
    {
        _underWay[row.SessionId] = true;
        try
        {
            return await OrderAsync(row, ct);
        }
        finally
        {
            _underWay.TryRemove(row.SessionId, out _);
        }
    }

    /// <summary>Uncovers the screen. False: the agent did not say that it did.</summary>
    public async Task<bool> UnlockAsync(LockRow row, bool disconnectFirst, CancellationToken ct)
    {
        var command = new Command { Unlock = new UnlockScreen { GuestSessionId = row.GuestSessionId, DisconnectFirst = disconnectFirst } };
        if (await agents.SendAsync(new(row.MachineId), command, options.Value.CommandWithin, ct) is not CommandOutcome.Ok) return false;
        await sessions.HeldAsync(new(row.MachineId), new(row.SessionId), false);
        return true;
    }

    /// <summary>A locker ended by itself. The agent has ended the connection by then; where it could not, the gateway does.</summary>
    public async Task LostAsync(MachineId machine, SessionId session, CancellationToken ct)
    {
        if (!await sessions.LockLostAsync(machine, session)) return;
        log.LockLost(session, machine);
        if (await sessions.OpenConnectionAsync(session, ct) is { } connection) await gateways.CloseConnectionAsync(connection, ReasonCode.LockFailed, ct);
    }

    private async Task<LockOutcome> OrderAsync(LockRow row, CancellationToken ct)
    {
        var (machine, session) = (new MachineId(row.MachineId), new SessionId(row.SessionId));
        var outcome = await agents.SendAsync(machine, new Command { Lock = new LockScreen { GuestSessionId = row.GuestSessionId } }, options.Value.CommandWithin, ct);
        if (outcome is CommandOutcome.Ok)
        {
            // The person may have come back while the order was on its way.
            if (!await sessions.HeldAsync(machine, session, true)) await UnlockAsync(row, disconnectFirst: false, ct);
            return LockOutcome.Locked;
        }
        // The gateway first: only it can tell the person why.
        var closed = await sessions.OpenConnectionAsync(session, ct) is { } connection && await gateways.CloseConnectionAsync(connection, ReasonCode.LockFailed, ct);
        var done = closed | await agents.SendAsync(machine, new Command { Disconnect = new Disconnect { GuestSessionId = row.GuestSessionId } }, options.Value.CommandWithin, ct) is CommandOutcome.Ok;
        log.LockFailed(session, outcome, done);
        await sessions.AuditAsync(session, "session.lock_failed", "broker", "", done ? "LOCK_FAILED" : "AGENT_SILENT");
        return done ? LockOutcome.Disconnected : LockOutcome.Failed;
    }
}
