using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>The only way a session ends. Its machine is freed, or sent back to its image version, in the same statement.</summary>
internal sealed class EndSession(SessionStore sessions, TimeProvider time, ILogger<EndSession> log)
{
    /// <summary>True when this call ended it; a second report of the same end changes nothing and answers false.</summary>
    public async Task<bool> RunAsync(EndRequest request)
    {
        var refresh = new OperationId(Guid.CreateVersion7(time.GetUtcNow()));
        var ended = await sessions.EndAsync(request, refresh);
        if (ended is null) return false;
        log.SessionEnded(request.Session, ended.MachineId, request.Reason, ended.MachineState ?? "gone");
        return true;
    }
}
