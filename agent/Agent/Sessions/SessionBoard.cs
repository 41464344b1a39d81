using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Sessions;

/// <summary>
/// The sessions as the broker should see them. Watchers may say the same thing twice; only a difference is posted.
/// </summary>
internal sealed class SessionBoard(Outbox outbox, TimeProvider time, ILogger log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, GuestSession> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _signedInFor = new(StringComparer.Ordinal);

    /// <summary>From now on this user's session is the one the broker prepared the sign-in for.</summary>
    public void SignedIn(string user, string sessionId)
    {
        lock (_lock)
        {
            _signedInFor[user] = sessionId;
            foreach (var session in _sessions.Values.Where(s => s.UserName == user && s.SessionId != sessionId).ToList())
            {
                var changed = session.Clone();
                changed.SessionId = sessionId;
                _sessions[changed.GuestSessionId] = changed;
                outbox.Post(new AgentMessage { SessionChanged = changed });
            }
        }
    }

    public string SessionIdOf(string user)
    {
        lock (_lock) return _signedInFor.GetValueOrDefault(user, "");
    }

    /// <summary>Makes the board hold exactly these; whatever is missing has ended.</summary>
    public void Replace(IReadOnlyCollection<SeenSession> seen)
    {
        lock (_lock)
        {
            foreach (var gone in _sessions.Keys.Except(seen.Select(s => s.Id)).ToList()) CloseLocked(gone);
            foreach (var session in seen) PutLocked(session);
        }
    }

    public void Put(SeenSession session)
    {
        lock (_lock) PutLocked(session);
    }

    public void Close(string guestSession)
    {
        lock (_lock) CloseLocked(guestSession);
    }

    /// <summary>The session's locker ended by itself.</summary>
    public void LockLost(string guestSession)
    {
        lock (_lock)
        {
            if (_sessions.TryGetValue(guestSession, out var session)) outbox.Post(new AgentMessage { LockLost = new LockLost { GuestSessionId = guestSession, SessionId = session.SessionId } });
        }
    }

    public void Reached(string user, string phase, DateTimeOffset from, DateTimeOffset to)
    {
        var sessionId = SessionIdOf(user);
        if (sessionId.Length == 0) return;
        outbox.Post(new AgentMessage
        {
            Phase = new PhaseReached { SessionId = sessionId, Phase = phase, StartedAt = from.ToTimestamp(), EndedAt = to.ToTimestamp() },
        });
    }

    /// <summary>
    /// The snapshot that opens a connection. What was queued about states before it is dropped under the same lock, so
    /// that nothing older follows it.
    /// </summary>
    public SessionsSnapshot Snapshot()
    {
        lock (_lock)
        {
            outbox.DropStates();
            return new SessionsSnapshot { Sessions = { _sessions.Values.Select(s => s.Clone()) } };
        }
    }

    /// <summary>The broker's session id of each guest session that has one.</summary>
    public Dictionary<string, string> SessionIds()
    {
        lock (_lock) return _sessions.Values.Where(s => s.SessionId.Length > 0).ToDictionary(s => s.GuestSessionId, s => s.SessionId, StringComparer.Ordinal);
    }

    public GuestSession? Find(string guestSession)
    {
        lock (_lock) return _sessions.GetValueOrDefault(guestSession)?.Clone();
    }

    private void PutLocked(SeenSession seen)
    {
        var known = _sessions.GetValueOrDefault(seen.Id);
        var state = seen.Connected ? GuestSessionState.Active : GuestSessionState.Disconnected;
        if (known is not null && known.State == state && known.UserName == seen.User && known.Locked == seen.Locked
            && (known.Programs is null ? seen.Programs is null : seen.Programs is not null && known.Programs.Names.SequenceEqual(seen.Programs))) return;
        var now = new GuestSession
        {
            GuestSessionId = seen.Id,
            UserName = seen.User,
            State = state,
            LoggedOnAt = seen.LoggedOnAt.ToTimestamp(),
            Locked = seen.Locked,
            Programs = seen.Programs is null ? null : new RunningPrograms { Names = { seen.Programs } },
            SessionId = known?.SessionId is { Length: > 0 } same ? same : _signedInFor.GetValueOrDefault(seen.User, seen.SessionId),
        };
        _sessions[seen.Id] = now;
        if (now.SessionId.Length > 0) _signedInFor[seen.User] = now.SessionId;
        outbox.Post(new AgentMessage { SessionChanged = now });
        log.SessionIs(now.GuestSessionId, now.UserName, (seen.Connected ? "active" : "disconnected") + (seen.Locked ? ", locked" : ""));
    }

    private void CloseLocked(string guestSession)
    {
        if (!_sessions.Remove(guestSession, out var session)) return;
        if (_sessions.Values.All(s => s.UserName != session.UserName)) _signedInFor.Remove(session.UserName);
        outbox.Post(new AgentMessage
        {
            SessionClosed = new SessionClosed { GuestSessionId = guestSession, SessionId = session.SessionId, ClosedAt = time.GetUtcNow().ToTimestamp() },
        });
        log.SessionEnded(guestSession, session.UserName);
    }
}

/// <summary>A session as a watcher found it.</summary>
/// <param name="SessionId">The broker's id where the watcher kept it across a restart of the agent, else empty.</param>
/// <param name="Programs">What runs in a session of programs, in one order; null: not known.</param>
internal sealed record SeenSession(string Id, string User, bool Connected, DateTimeOffset LoggedOnAt, string SessionId = "", bool Locked = false, IReadOnlyList<string>? Programs = null);
