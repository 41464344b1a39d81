using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Splice;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>Hands on the machine's MCS Connect Response with the client's own request in it, where the gateway had to ask for more.</summary>
internal static class MachineEcho
{
    public static async Task ForwardAsync(Stream machine, Stream client, SecurityProtocols asked, CancellationToken ct)
    {
        var frame = new byte[SpliceSequence.LongestFrame];
        var length = await FrameReader.ReadAsync(machine, frame, ct);
        if (length == 0) throw new IOException("The machine closed the connection instead of answering the Connect Initial.");
        ServerData.RewriteRequested(frame.AsSpan(0, length), asked);
        await client.WriteAsync(frame.AsMemory(0, length), ct);
    }
}
