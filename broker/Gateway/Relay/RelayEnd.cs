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
}
