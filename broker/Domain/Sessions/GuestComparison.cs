namespace Montalegre.Vdi.Domain;

/// <summary>A session of the broker that is open on one machine.</summary>
public readonly record struct OpenSession(SessionId Session, SessionState State, string? GuestSessionId)
{
    /// <summary>Only a new sign-in of its person opens it.</summary>
    public bool Locked { get; init; }

    /// <summary>As far as the broker knows, a locker covers its screen.</summary>
    public bool LockHeld { get; init; }
}

/// <summary>A session inside a guest, as its agent reports it.</summary>
/// <param name="GuestSessionId">Unique within one boot.</param>
/// <param name="UserName">The guest account.</param>
/// <param name="Disconnected">True when the session is kept without a client.</param>
/// <param name="Session">The broker's session, if the sign-in came through the broker.</param>
/// <param name="LoggedOnAt">By the guest's clock.</param>
/// <param name="Idle">Null when unknown.</param>
public sealed record GuestSeen(
    string GuestSessionId, string UserName, bool Disconnected, SessionId? Session, DateTimeOffset? LoggedOnAt, TimeSpan? Idle)
{
    /// <summary>A locker covers its screen.</summary>
    public bool Locked { get; init; }

    /// <summary>What runs in a session of programs, by the names under which agents know them; null: not known.</summary>
    public IReadOnlyList<string>? Programs { get; init; }
}

/// <summary>What a whole snapshot of a guest says about the broker's open sessions.</summary>
/// <param name="Seen">Open sessions that the guest has.</param>
/// <param name="Ended">Open sessions that were logged on and that the guest no longer has.</param>
/// <param name="Rogue">Guest sessions that no open session of the broker explains.</param>
public sealed record GuestFindings(
    IReadOnlyList<(SessionId Session, GuestSeen Guest)> Seen,
    IReadOnlyList<(SessionId Session, SessionEnd End)> Ended,
    IReadOnlyList<GuestSeen> Rogue);

/// <summary>Compares what the broker believes about one machine with what its guest says.</summary>
public static class GuestComparison
{
    /// <summary>
    /// A pending session that the guest does not have stays: its person may still be on the way. After a boot the
    /// guest's own ids mean nothing any more, so that only the broker's id can match.
    /// </summary>
    public static GuestFindings Compare(IReadOnlyList<OpenSession> open, IReadOnlyList<GuestSeen> reported, bool rebooted)
    {
        var seen = new List<(SessionId, GuestSeen)>();
        var rogue = new List<GuestSeen>();
        var found = new HashSet<SessionId>();
        foreach (var guest in reported)
        {
            if (Match(open, guest, rebooted) is { } session)
            {
                if (found.Add(session)) seen.Add((session, guest));
            }
            else
            {
                rogue.Add(guest);
            }
        }
        var end = rebooted ? SessionEnd.MachineRestarted : SessionEnd.LoggedOff;
        var ended = open.Where(o => o.State != SessionState.Pending && !found.Contains(o.Session)).Select(o => (o.Session, end)).ToList();
        return new(seen, ended, rogue);
    }

    /// <summary>The open session that a guest session belongs to: by the broker's id, else by the guest's own.</summary>
    public static SessionId? Match(IReadOnlyList<OpenSession> open, GuestSeen guest, bool rebooted)
    {
        foreach (var candidate in open)
        {
            var same = guest.Session is { } given
                ? candidate.Session == given
                : !rebooted && candidate.GuestSessionId == guest.GuestSessionId;
            if (same) return candidate.Session;
        }
        return null;
    }
}
