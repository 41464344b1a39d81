using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Protocol.Negotiation;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>What a connection became after its first request.</summary>
internal abstract record DoorOutcome
{
    private DoorOutcome() { }

    /// <summary>It is over: the client left, or got its answer.</summary>
    public static DoorOutcome Nothing { get; } = new Over();

    /// <summary>Client and machine are joined; copying may begin.</summary>
    public sealed record Joined(OpenConnection Connection) : DoorOutcome;

    /// <summary>A refusal that the client is to see on its screen.</summary>
    public sealed record Shown(Stream Network, NegotiationRequest Asked, ReasonCode Code, string Reference) : DoorOutcome;

    /// <summary>A client without a ticket, who may have a password.</summary>
    public sealed record Visited(Stream Network, NegotiationRequest Asked) : DoorOutcome;

    private sealed record Over : DoorOutcome;
}
