using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Who asks for something to be done with a session.</summary>
/// <param name="Name">User name, as the audit shows it.</param>
/// <param name="Source">Where the person signed in from.</param>
/// <param name="Own">Set when the person may only touch his own session.</param>
internal readonly record struct Asker(string Name, string Source, UserId? Own = null);

/// <summary>Finds a session, tells its agent, and audits the outcome: what log off, disconnect and message have in common.</summary>
internal sealed class SessionOrder(SessionStore sessions, AgentDirectory agents, IOptions<SessionOptions> options, ILogger<SessionOrder> log)
{
    // Programs get time to close and are ended then, which is longer than anybody waits for the agent's answer.
    private static readonly Duration ToLogOff = Duration.FromTimeSpan(TimeSpan.FromSeconds(60));

    /// <summary>The command that ends a guest session; the agent goes on with it when nobody waits for its answer any more.</summary>
    public static Command LogOff(string guestSession) => new() { LogOff = new LogOff { GuestSessionId = guestSession }, Lifetime = ToLogOff };

    /// <summary>The session if the asker may touch it and it is open; else the refusal.</summary>
    public async Task<(SessionRow? Session, RefusalReason? Refused)> FindAsync(SessionId id, Asker by, CancellationToken ct)
    {
        var session = (await sessions.FindAsync([id.Value], PoolScope.Everything, ct)).SingleOrDefault();
        if (session is null || (by.Own is { } own && own.Value != session.UserId)) return (null, RefusalReason.NotFound);
        return session.State == "ended" ? (null, RefusalReason.SessionEnded) : (session, null);
    }

    /// <summary>Sends the command; null when the agent did it, or has it and takes its time where that is to be expected.</summary>
    public async Task<RefusalReason?> SendAsync(SessionRow session, Command command, CancellationToken ct, bool mayTakeLong = false) =>
        await agents.SendAsync(new(session.MachineId), command, options.Value.CommandWithin, ct) switch
        {
            CommandOutcome.Ok => null,
            CommandOutcome.Refused => RefusalReason.NotSupported,
            // Programs get time to close. An agent that is really gone shows by its missing heartbeats.
            CommandOutcome.Silent when mayTakeLong => null,
            _ => RefusalReason.AgentSilent,
        };

    /// <summary>Writes who asked for what, and what came of it.</summary>
    public async Task AuditAsync(SessionId session, string action, Asker by, RefusalReason? refused)
    {
        var outcome = refused is { } reason ? ReasonTexts.Name((ReasonCode)(int)reason) : "ok";
        await sessions.AuditAsync(session, action, by.Name, by.Source, outcome);
        log.SessionActionAsked(session, action, by.Name, outcome);
    }
}
