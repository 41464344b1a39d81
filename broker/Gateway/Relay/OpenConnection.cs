using System.Net;

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>What carries a connection: bytes that are copied, or a desktop that is drawn for a browser.</summary>
internal interface ICarrier
{
    long BytesFromClient { get; }

    long BytesFromMachine { get; }

    /// <summary>Carries until it ends; answers who ended it.</summary>
    Task<RelayEnd> RunAsync();

    /// <summary>Ends it for a reason; the first reason stands.</summary>
    Task EndAsync(RelayEnd end);
}

/// <summary>One connection between a client and a machine, as the broker knows it.</summary>
internal sealed record OpenConnection(
    string ConnectionId, string SessionId, string MachineId, IPAddress Client, string ClientName,
    DateTimeOffset AcceptedAt, DateTimeOffset OpenedAt, ICarrier Carrier)
{
    /// <summary>The trace of the launch; empty when it is not traced.</summary>
    public string TraceParent { get; init; } = "";
}
