using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Which session to end, why, and what must still be true when the statement runs.</summary>
/// <param name="Actor">Machine name, user name or <c>broker</c>, for the audit.</param>
internal readonly record struct EndRequest(SessionId Session, SessionEnd Reason, string Actor)
{
    /// <summary>Set for an agent's report: an agent may only speak of its own machine.</summary>
    public MachineId? OnlyOn { get; init; }

    /// <summary>Set for an agent's report: a late report of another guest session must not end this one.</summary>
    public string? OnlyGuest { get; init; }

    /// <summary>True when somebody who has logged on by now keeps the session.</summary>
    public bool OnlyPending { get; init; }

    /// <summary>With <see cref="OnlyPending"/>: a younger ticket keeps the session.</summary>
    public TimeSpan NewestTicketOlderThan { get; init; }
}

/// <summary>What one end statement did.</summary>
/// <param name="MachineState">The machine's state afterwards; null when the machine is gone.</param>
internal sealed record EndedSession(Guid SessionId, Guid MachineId, string? MachineState, bool Refreshed);
