namespace Montalegre.Vdi.Domain;

/// <summary>The answer to one attempt at a launch.</summary>
public abstract record Placement
{
    private Placement() { }

    /// <summary>The user's session is open; join it again.</summary>
    public sealed record Reconnect(SessionId Session, MachineId Machine) : Placement;

    /// <summary>A machine was reserved and a session opened.</summary>
    public sealed record Start(SessionId Session, MachineId Machine) : Placement;

    /// <summary>Nothing is free; the person keeps a place in the queue.</summary>
    public sealed record Wait : Placement;

    /// <summary>The launch cannot go on, and waiting would not help.</summary>
    public sealed record Refuse(RefusalReason Reason) : Placement;
}

/// <summary>What a waiting person is told: reason, place, and time when known.</summary>
public sealed record WaitNotice(RefusalReason Reason, int Place, TimeSpan? Estimate);
