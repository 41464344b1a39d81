using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Protocol.Wake;

namespace Montalegre.Vdi.Broker.Power;

/// <summary>Sends the packets that wake computers.</summary>
internal sealed class WakePackets(IOptions<WakeOptions> options)
{
    /// <summary>Sends one packet for each card, or one out of each interface where the card's subnet is not known.</summary>
    /// <exception cref="SocketException">One could not be sent; those before it were.</exception>
    public async Task SendAsync(IReadOnlyList<WakeAddress> cards, CancellationToken ct)
    {
        foreach (var card in cards)
        {
            var packet = MagicPacket.For((WakeAddress.Parse(card.Mac) ?? throw new InvalidOperationException($"{card.Mac} is recorded as a hardware address.")).GetAddressBytes());
            if (card.Broadcast is { } subnet) await SendAsync(packet, IPAddress.Any, new(IPAddress.Parse(subnet), card.Port), ct);
            else foreach (var from in Interfaces()) await SendAsync(packet, from, new(IPAddress.Broadcast, card.Port), ct);
        }
    }

    // The address a socket is bound to says out of which interface a limited broadcast goes.
    private static async Task SendAsync(byte[] packet, IPAddress from, IPEndPoint to, CancellationToken ct)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
        socket.Bind(new IPEndPoint(from, 0));
        await socket.SendToAsync(packet, to, ct);
    }

    private IEnumerable<IPAddress> Interfaces() => options.Value.From.Length > 0
        ? options.Value.From.Select(IPAddress.Parse)
        : NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType is not (NetworkInterfaceType.Loopback or NetworkInterfaceType.Tunnel))
            .SelectMany(i => i.GetIPProperties().UnicastAddresses.Select(a => a.Address))
            .Where(a => a.AddressFamily == AddressFamily.InterNetwork);
}
