using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Turns what agents say about their guests into session states. A repeated report changes nothing.</summary>
internal sealed class GuestReports(SessionStore sessions, EndSession end, LockSessions locks, StartPrograms programs, IdleReports idle, TimeProvider time, ILogger<GuestReports> log) : IGuestReports
{
    private const int MostPrograms = 100;
    private static readonly string[] Phases = ["authenticate", "session_open", "display", "desktop"];

    // Machines with a session that came around the broker, and which; nearly always empty.
    private readonly ConcurrentDictionary<MachineId, HashSet<string>> _rogues = new();

    public async Task SnapshotAsync(MachineId machine, bool rebooted, IReadOnlyList<GuestSession> reported, CancellationToken ct)
    {
        var open = await sessions.OpenOnAsync(machine, ct);
        var findings = GuestComparison.Compare(open, reported.Select(Seen).ToList(), rebooted);
        foreach (var (session, reason) in findings.Ended)
            await end.RunAsync(new(session, reason, Actor(machine)) { OnlyOn = machine });
        foreach (var (session, guest) in findings.Seen)
            await SeeAsync(machine, session, guest, open);

        // The guest's ids begin again with every boot: then whoever is there is new.
        var known = _rogues.TryRemove(machine, out var before) && !rebooted ? before : [];
        foreach (var guest in findings.Rogue) await RogueAsync(machine, guest, known);
        if (findings.Rogue.Count == 0) await sessions.UnblockAsync(machine, NewOperation());
    }

    public async Task ChangedAsync(MachineId machine, GuestSession reported, CancellationToken ct)
    {
        var guest = Seen(reported);
        var open = await sessions.OpenOnAsync(machine, ct);
        if (GuestComparison.Match(open, guest, rebooted: false) is { } session) await SeeAsync(machine, session, guest, open);
        else await RogueAsync(machine, guest, []);
    }

    public async Task ClosedAsync(MachineId machine, SessionClosed closed, CancellationToken ct)
    {
        idle.Forget(machine, closed.GuestSessionId);
        var open = await sessions.OpenOnAsync(machine, ct);
        var guest = new GuestSeen(closed.GuestSessionId, "", false, SessionOf(closed.SessionId), null, null);
        if (GuestComparison.Match(open, guest, rebooted: false) is { } session)
        {
            await end.RunAsync(new(session, SessionEnd.LoggedOff, Actor(machine)) { OnlyOn = machine, OnlyGuest = closed.GuestSessionId });
        }
        else if (_rogues.TryGetValue(machine, out var rogues))
        {
            // One stream a machine, read by one reader: nobody else changes this set.
            rogues.Remove(closed.GuestSessionId);
            if (rogues.Count > 0) return;
            _rogues.TryRemove(machine, out _);
            await sessions.UnblockAsync(machine, NewOperation());
        }
    }

    public async Task PhaseAsync(MachineId machine, PhaseReached phase, CancellationToken ct)
    {
        if (SessionOf(phase.SessionId) is not { } session || !Phases.Contains(phase.Phase) || phase.StartedAt is null) return;
        var written = await sessions.PhaseAsync(machine, session, phase.Phase, phase.StartedAt.ToDateTimeOffset(), phase.EndedAt?.ToDateTimeOffset());
        if (written is not null) LogonMetrics.Phase(phase.Phase, written);
    }

    public void Idle(MachineId machine, IReadOnlyList<IdleTime> times)
    {
        foreach (var one in times)
            if (one.Idle is not null) idle.Add(machine, one.GuestSessionId, one.Idle.ToTimeSpan());
    }

    public async Task LockLostAsync(MachineId machine, LockLost lost, CancellationToken ct)
    {
        if (SessionOf(lost.SessionId) is { } session) await locks.LostAsync(machine, session, ct);
    }

    private async Task SeeAsync(MachineId machine, SessionId session, GuestSeen guest, IReadOnlyList<OpenSession> open)
    {
        var known = open.First(o => o.Session == session);
        if (known.LockHeld != guest.Locked) await sessions.HeldAsync(machine, session, guest.Locked);
        var was = await sessions.SeeAsync(machine, session, guest);
        if (was is not null) log.SessionSeen(session, machine, guest.Disconnected ? "disconnected" : "active", was);
        else if (guest.Idle is { } time) idle.Add(machine, guest.GuestSessionId, time);
        if (guest.Programs is { } running) await sessions.ProgramsSeenAsync(machine, session, running);
        // Not ordered here: the answer would come by the stream whose message this is.
        if (known.Locked && guest is { Locked: false, Disconnected: false }) locks.Ring();
        if (was is not null) programs.Ring();
    }

    private async Task RogueAsync(MachineId machine, GuestSeen guest, HashSet<string> known)
    {
        var rogues = _rogues.GetOrAdd(machine, _ => []);
        var first = rogues.Add(guest.GuestSessionId) && !known.Contains(guest.GuestSessionId);
        await sessions.BlockAsync(machine, guest.UserName, first);
        if (first) log.RogueSession(machine);
    }

    private OperationId NewOperation() => new(Guid.CreateVersion7(time.GetUtcNow()));

    private static string Actor(MachineId machine) => $"agent of {machine}";

    private static GuestSeen Seen(GuestSession g) => new(
        g.GuestSessionId, g.UserName, g.State == GuestSessionState.Disconnected, SessionOf(g.SessionId), Time(g.LoggedOnAt), g.Idle?.ToTimeSpan()) { Locked = g.Locked, Programs = g.Programs?.Names.Take(MostPrograms).ToList() };

    private static DateTimeOffset? Time(Timestamp? at) => at?.ToDateTimeOffset();

    private static SessionId? SessionOf(string text) => Guid.TryParseExact(text, "D", out var id) ? new SessionId(id) : null;
}
