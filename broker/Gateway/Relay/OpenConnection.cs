using System.Net;

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>One relay between a client and a machine, as the broker knows it.</summary>
internal sealed record OpenConnection(
    string ConnectionId, string SessionId, string MachineId, IPAddress Client, string ClientName,
    DateTimeOffset AcceptedAt, DateTimeOffset OpenedAt, Relay Relay);
