using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.SignIns;

namespace Montalegre.Vdi.Gateway.Tickets;

/// <summary>Where a redeemed ticket leads, and how to sign in there. A client never chooses any of it.</summary>
/// <param name="CertificateSha256">The machine must present exactly this certificate.</param>
/// <param name="SignIn">Null when the person signs in at the machine's own prompt. Whoever receives the target disposes it.</param>
internal sealed record MachineTarget(
    string SessionId, string ConnectionId, string MachineId, string Address, int Port,
    ReadOnlyMemory<byte> CertificateSha256, SignIn? SignIn) : IDisposable
{
    /// <summary>What the pool lets pass between device and desktop.</summary>
    public ChannelPolicy Policy { get; init; } = ChannelPolicy.Everything;

    /// <summary>What an RD Gateway client has to ask for; empty where only the id is known.</summary>
    public string MachineName { get; init; } = "";

    /// <summary>True when an RD Gateway channel ends at the machine itself: TLS and sign-in are the client's own then.</summary>
    public bool EndToEnd { get; init; }

    /// <summary>The trace of the launch; empty when it is not traced.</summary>
    public string TraceParent { get; init; } = "";

    public void Dispose() => SignIn?.Dispose();
}
