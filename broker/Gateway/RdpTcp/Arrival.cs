using System.Net.Sockets;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Tickets;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>A client whose ticket is redeemed and whose machine is connected before it says its first RDP word.</summary>
/// <param name="Ending">Is told why the relay ends, before it closes the client's stream.</param>
internal sealed record Arrival(MachineTarget Target, Socket Machine, Action<RelayEnd> Ending) : IDisposable
{
    // The machine's leg takes the socket over; disposing it a second time after a relay does nothing.
    public void Dispose()
    {
        Target.Dispose();
        Machine.Dispose();
    }
}
