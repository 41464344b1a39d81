namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>Who ended a relay. The names travel to the broker, so they are never renamed.</summary>
internal enum RelayEnd
{
    ClientClosed,
    MachineClosed,
    TicketRevoked,
    IdleTimeout,
    GatewayStopping,
    WorkerEnded,
    ProtocolBroken,
    /// <summary>The machine's connection broke: it was reset, or the machine is gone.</summary>
    MachineLost,
    /// <summary>The broker says that the person may not be here any more.</summary>
    AccessWithdrawn,
    /// <summary>The broker says that the person has no right to this desktop any more.</summary>
    NotEntitled,
    /// <summary>The client did not prove itself again in time.</summary>
    NotProvedAgain,
    /// <summary>The person's terminal reported that the card was taken out.</summary>
    CardRemoved,
    /// <summary>The card was taken out, and the desktop could not be locked.</summary>
    LockFailed,
}
